import { createHash } from 'node:crypto'
import { css, textOf, type Html } from './html.ts'

/** For a phone first; a wider window has more air and nothing else. Colours are at least 4.5 : 1 apart where there is text. */
export const pageStyle = css`
  :root {
    color-scheme: light dark;
    --paper: #f3f1ec;
    --card: #ffffff;
    --ink: #1d1b16;
    --quiet: #625d52;
    --line: #d9d4c8;
    --edge: #938c7c;
    --brand: #f5b700;
    --go: #0c6b4b;
    --go-hover: #09573d;
    --go-ink: #ffffff;
    --good: #0c6b4b;
    --bad: #ab2318;
    --warn: #8a5300;
    --focus: #1857c4;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --paper: #12110e;
      --card: #1e1c18;
      --ink: #f4f0e6;
      --quiet: #ada696;
      --line: #3a362e;
      --edge: #7d7565;
      --brand: #e0a800;
      --go: #56cf9d;
      --go-hover: #79dcb3;
      --go-ink: #04261a;
      --good: #56cf9d;
      --bad: #ff9486;
      --warn: #f2b84b;
      --focus: #8ab4ff;
    }
  }
  * {
    box-sizing: border-box;
    margin: 0;
  }
  body {
    min-height: 100vh;
    background: var(--paper);
    color: var(--ink);
    font:
      1rem/1.5 system-ui,
      -apple-system,
      'Segoe UI',
      Roboto,
      'Noto Sans',
      sans-serif;
    -webkit-text-size-adjust: 100%;
  }
  svg {
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
    flex: none;
  }
  :focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: 2px;
    border-radius: 4px;
  }
  header,
  main,
  footer {
    width: 100%;
    max-width: 29rem;
    margin-inline: auto;
    padding-inline: 1rem;
  }
  header {
    display: flex;
    justify-content: space-between;
    align-items: center;
    padding-block: 0.75rem;
  }
  .brand {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    font-weight: 700;
  }
  .brand svg {
    color: var(--brand);
  }
  nav {
    display: flex;
    gap: 0.25rem;
    margin-right: -0.625rem;
  }
  nav a {
    padding: 0.625rem;
    color: var(--quiet);
    font-size: 0.875rem;
    text-decoration: none;
  }
  nav a:hover {
    text-decoration: underline;
  }
  nav a[aria-current] {
    color: var(--ink);
    font-weight: 600;
    text-decoration: underline;
    text-decoration-thickness: 2px;
    text-underline-offset: 0.3em;
  }
  .ticket {
    position: relative;
    overflow: hidden;
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 1rem;
  }
  .stub {
    padding: 1.5rem 1.25rem;
    text-align: center;
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 0.375rem;
    font-weight: 600;
    color: var(--quiet);
  }
  .paid .state {
    color: var(--good);
  }
  .declined .state {
    color: var(--bad);
  }
  .late .state {
    color: var(--warn);
  }
  h1 {
    margin-block: 0.25rem 0.375rem;
    font-size: clamp(1.875rem, 9vw, 2.5rem);
    line-height: 1.15;
    letter-spacing: -0.02em;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  h1.long {
    font-size: clamp(1.25rem, 6vw, 2rem);
  }
  h1.refusal {
    font-size: 1.5rem;
    letter-spacing: 0;
  }
  .what {
    overflow-wrap: anywhere;
  }
  .means {
    margin-top: 0.5rem;
    color: var(--quiet);
    text-wrap: balance;
  }
  dl {
    position: relative;
    padding: 1rem 1.25rem 1.125rem;
    border-top: 2px dashed var(--line);
  }
  dl::before,
  dl::after {
    content: '';
    position: absolute;
    top: -0.6875rem;
    width: 1.25rem;
    height: 1.25rem;
    background: var(--paper);
    border: 1px solid var(--line);
    border-radius: 50%;
  }
  dl::before {
    left: -0.6875rem;
  }
  dl::after {
    right: -0.6875rem;
  }
  dl div {
    display: flex;
    justify-content: space-between;
    gap: 1.5rem;
    padding-block: 0.25rem;
    font-size: 0.9375rem;
  }
  dt {
    flex: none;
    color: var(--quiet);
  }
  dd {
    text-align: right;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  code {
    font:
      0.8125rem/1.6 ui-monospace,
      'SF Mono',
      Menlo,
      Consolas,
      monospace;
  }
  h2 {
    margin-block: 1.75rem 0.75rem;
    font-size: 1rem;
  }
  button,
  .button {
    display: block;
    width: 100%;
    min-height: 3rem;
    padding: 0.75rem 1rem;
    border: 1.5px solid var(--edge);
    border-radius: 0.75rem;
    background: var(--card);
    color: var(--ink);
    font: inherit;
    font-weight: 600;
    text-align: center;
    text-decoration: none;
    overflow-wrap: anywhere;
    cursor: pointer;
  }
  button:hover,
  .button:hover {
    border-color: currentColor;
  }
  button:focus-visible,
  .button:focus-visible {
    border-radius: 0.75rem;
  }
  button.main,
  .button {
    border-color: var(--go);
    background: var(--go);
    color: var(--go-ink);
  }
  button.main:hover,
  .button:hover {
    border-color: var(--go-hover);
    background: var(--go-hover);
  }
  button.bad {
    color: var(--bad);
  }
  .hint {
    margin-block: 0.375rem 1rem;
    padding-inline: 0.25rem;
    color: var(--quiet);
    font-size: 0.875rem;
    text-align: center;
    text-wrap: balance;
  }
  .back {
    margin-top: 1.25rem;
    text-align: center;
  }
  .plain {
    display: inline-block;
    padding: 0.625rem;
    color: inherit;
    text-underline-offset: 0.2em;
    overflow-wrap: anywhere;
  }
  footer {
    padding-block: 2rem;
    color: var(--quiet);
    font-size: 0.8125rem;
    text-align: center;
    text-wrap: balance;
  }
  @media (min-width: 40rem) {
    header {
      padding-block: 2rem 1rem;
    }
    .stub {
      padding: 2.25rem 2rem;
    }
    dl {
      padding-inline: 2rem;
    }
  }
`

/**
 * What a page may do: be styled by its own style sheet, and send its forms. No script runs, no frame holds it.
 *
 * @param forms where its forms may lead, redirects included: browsers hold these against the policy, too
 */
export function pagePolicy(style: Html, forms: string): string {
  const hash = createHash('sha256').update(textOf(style)).digest('base64')
  const styles = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'`
  return `${styles}; form-action ${forms}; frame-ancestors 'none'`
}
