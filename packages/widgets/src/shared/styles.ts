import { css } from 'lit';

/**
 * The looks that the elements share. Every colour is 4.5:1 on its ground, in light and in dark. Texts stand in `<bdi>`, so
 * that one in another direction than the page's keeps its own.
 */
export const sharedStyles = css`
  :host {
    --_surface: var(--orderloop-surface, #ffffff);
    --_sunken: var(--orderloop-sunken, #eef1f5);
    --_text: var(--orderloop-text, #1a1f27);
    --_muted: var(--orderloop-muted, #56606d);
    --_border: var(--orderloop-border, #dde2e8);
    --_accent: var(--orderloop-accent, #2450d8);
    --_on-accent: var(--orderloop-on-accent, #ffffff);
    --_radius: var(--orderloop-radius, 0.875rem);
    box-sizing: border-box;
    color: var(--_text);
    line-height: 1.4;
    text-align: start;
  }
  @media (prefers-color-scheme: dark) {
    :host {
      --_surface: var(--orderloop-surface, #171b21);
      --_sunken: var(--orderloop-sunken, #262c35);
      --_text: var(--orderloop-text, #eef1f5);
      --_muted: var(--orderloop-muted, #a5afbc);
      --_border: var(--orderloop-border, #323a45);
      --_accent: var(--orderloop-accent, #9db8ff);
      --_on-accent: var(--orderloop-on-accent, #0d1730);
    }
  }
  :host([hidden]) {
    display: none !important;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  p {
    margin: 0;
  }
  .headline {
    font-weight: 650;
    line-height: 1.25;
  }
  .label,
  .text,
  .balance {
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .text {
    margin-block-start: 0.1875rem;
  }
  .card {
    background: var(--_surface);
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
  }
  .action {
    align-items: center;
    background: var(--_accent);
    border: 1px solid transparent;
    border-radius: 99rem;
    color: var(--_on-accent);
    cursor: pointer;
    display: inline-flex;
    font: inherit;
    font-size: 0.875rem;
    font-weight: 600;
    justify-content: center;
    min-block-size: 2.25rem;
    padding: 0.25rem 1rem;
    text-decoration: none;
    transition: filter 0.15s;
  }
  .action:hover {
    filter: brightness(1.12);
  }
  .action:focus-visible,
  [tabindex='-1']:focus-visible {
    outline: 3px solid var(--_accent);
    outline-offset: 2px;
  }
  .action[aria-disabled='true'] {
    background: var(--_sunken);
    color: var(--_muted);
    cursor: default;
    filter: none;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
    }
  }
  @media (forced-colors: active) {
    .action {
      border-color: ButtonText;
    }
  }
`;
