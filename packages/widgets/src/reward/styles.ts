import { css } from 'lit';

/**
 * The bar takes its place from the start, short messages that of long ones, and what changes its width comes first in its
 * row, so that nothing moves from the invitation to the receipt.
 */
export const rewardStyles = css`
  :host {
    container-type: inline-size;
    display: block;
    inline-size: 100%;
    max-inline-size: var(--orderloop-reward-width, 30rem);
    min-block-size: var(--orderloop-reward-height, 17rem);
  }
  @media (max-width: 30rem) {
    :host {
      min-block-size: var(--orderloop-reward-height, 19rem);
    }
  }
  .card,
  .ours {
    display: flex;
    flex-direction: column;
    gap: 0.75rem;
  }
  .card {
    min-block-size: inherit;
    padding: 1.25rem;
  }
  .headline {
    font-size: 1.125rem;
  }
  .message {
    font-size: 0.9375rem;
  }
  .bar {
    background: var(--_sunken);
    block-size: 0.5rem;
    border-radius: 99rem;
    overflow: hidden;
  }
  .bar.idle {
    visibility: hidden;
  }
  .bar > span {
    background: var(--_accent);
    block-size: 100%;
    border-radius: inherit;
    display: block;
    transition: inline-size 0.2s linear;
  }
  .action {
    align-self: start;
    min-inline-size: 50%;
  }
  @container (max-width: 26rem) {
    .message {
      min-block-size: 2.8em;
    }
    .action {
      align-self: stretch;
    }
  }
  .status {
    block-size: 1px;
    clip-path: inset(50%);
    inline-size: 1px;
    overflow: hidden;
    position: absolute;
    white-space: nowrap;
  }
  @media (forced-colors: active) {
    .bar {
      border: 1px solid CanvasText;
    }
    .bar > span {
      background: Highlight;
      forced-color-adjust: none;
    }
  }
`;
