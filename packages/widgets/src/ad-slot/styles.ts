import { css } from 'lit';

/**
 * Every size is fixed before anything loads, so that nothing on the page moves when it does. The link covers the card, so
 * that all of it leads where the link leads.
 */
export const adSlotStyles = css`
  :host {
    block-size: var(--orderloop-ad-slot-height, 9.5rem);
    container-type: inline-size;
    display: block;
    inline-size: 100%;
  }
  :host([format='rectangle']) {
    block-size: var(--orderloop-ad-slot-height, 19rem);
    max-inline-size: 22rem;
  }
  .fallback {
    block-size: 100%;
    overflow: auto;
  }
  .card {
    block-size: 100%;
    display: grid;
    gap: 0.125rem 0.875rem;
    grid-template: auto 1fr auto / auto 1fr;
    grid-template-areas: 'media label' 'media words' 'media action';
    overflow: hidden;
    padding: 0.75rem;
    position: relative;
  }
  .media {
    aspect-ratio: 1;
    background: var(--_sunken);
    block-size: 100%;
    border-radius: calc(var(--_radius) - 0.375rem);
    grid-area: media;
    min-block-size: 0;
    overflow: hidden;
  }
  img {
    block-size: 100%;
    display: block;
    inline-size: 100%;
    object-fit: cover;
  }
  .label {
    grid-area: label;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .words {
    align-self: center;
    grid-area: words;
    min-block-size: 0;
    overflow: hidden;
  }
  .headline,
  .text {
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    display: -webkit-box;
    overflow: hidden;
  }
  .action {
    grid-area: action;
    justify-self: start;
    min-block-size: 2rem;
    padding-block: 0;
  }
  .action::after {
    content: '';
    inset: 0;
    position: absolute;
  }
  .action:focus-visible {
    outline: none;
  }
  .action:focus-visible::after {
    border-radius: calc(var(--_radius) - 1px);
    outline: 3px solid var(--_accent);
    outline-offset: -3px;
  }
  .bare {
    column-gap: 0;
    padding-inline: 1.25rem;
  }
  @container (min-width: 34rem) {
    :host(:not([format='rectangle'])) .card {
      grid-template: auto 1fr / auto 1fr auto;
      grid-template-areas: 'media label label' 'media words action';
    }
    :host(:not([format='rectangle'])) .action {
      align-self: center;
      margin-inline: 0.5rem;
      min-block-size: 2.5rem;
    }
    :host(:not([format='rectangle'])) .headline {
      font-size: 1.125rem;
    }
  }
  @container (max-width: 20rem) {
    .media {
      aspect-ratio: 3 / 4;
    }
    :host(:not([format='rectangle'])) .text {
      -webkit-line-clamp: 1;
    }
  }
  :host([format='rectangle']) .card {
    grid-template: 9rem auto 1fr auto / 1fr;
    grid-template-areas: 'media' 'label' 'words' 'action';
    row-gap: 0.375rem;
  }
  :host([format='rectangle']) .bare {
    grid-template-rows: 0 auto 1fr auto;
    padding-block: 1.25rem;
  }
  :host([format='rectangle']) .media {
    aspect-ratio: auto;
  }
  :host([format='rectangle']) .words {
    align-self: start;
  }
`;
