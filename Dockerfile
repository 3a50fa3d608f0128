# Karcis in a container: nothing in it but Node, what Node links to, and Karcis. No shell, no package manager, no root.
# docs/deployment.md says how to run it, docs/decisions/0020-containers.md why it is made like this.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /karcis
COPY package.json package-lock.json .npmrc ./
COPY test/clients/package.json test/clients/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
 && npm sbom --package-lock-only --omit=dev --workspaces=false --sbom-format=spdx > sbom.spdx.json \
    # Node comes from the base; types, source maps and manuals are for those who write code.
 && rm -rf node_modules/node-* node_modules/@types node_modules/.package-lock.json \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete

FROM ${NODE_IMAGE} AS runtime
COPY ops/container/collect-runtime.sh /collect-runtime.sh
RUN sh /collect-runtime.sh /runtime

FROM scratch
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Karcis" \
      org.opencontainers.image.description="A ticketing server that can't oversell" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=runtime /runtime /
COPY --from=packages /karcis/node_modules /karcis/node_modules
COPY --from=packages /karcis/sbom.spdx.json /karcis/
COPY package.json karcis.js LICENSE /karcis/
COPY ops/container/health.js /karcis/ops/container/
COPY assets /karcis/assets
COPY src /karcis/src
WORKDIR /karcis
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 DATA_DIR=/data LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/usr/local/bin/node", "/karcis/ops/container/health.js"]
ENTRYPOINT ["/usr/local/bin/node", "/karcis/karcis.js"]
CMD ["serve"]
