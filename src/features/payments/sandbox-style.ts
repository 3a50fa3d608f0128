import { css, html } from '../../lib/html.ts'
import { pagePolicy, pageStyle } from '../../lib/page-style.ts'

const bannerStyle = css`
  .banner {
    display: flex;
    justify-content: center;
    align-items: center;
    gap: 0.5rem;
    padding: 0.625rem 1rem;
    background: var(--brand);
    color: #211a00;
  }
  .banner svg {
    width: 1.25rem;
    height: 1.25rem;
  }
  @media (forced-colors: active) {
    .banner {
      border: 1px solid;
    }
  }
`

export const sandboxStyle = html`${pageStyle}${bannerStyle}`

export const sandboxPolicy = pagePolicy(sandboxStyle, "'self'")
