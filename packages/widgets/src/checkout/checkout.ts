import type { Item } from '@orderloop/protocol/browser';
import { css, html, LitElement } from 'lit';
import { command } from '../shared/sdk.ts';
import { contactOf, type Field, fieldOf, isFilled, nameOf, paymentType } from './fields.ts';

/** Checkouts that were begun on this page, by token: a shop may render its form any number of times. */
const begun = new Set<string>();

/**
 * Stands around a shop's own checkout form, and stays out of its way: it never stops a submit and shows nothing. It gives
 * the form the session's reference, so that the order names its session even when a script submits it, and with `capture`
 * it tells which fields cost time. Values are never read, but for a chosen payment method's name, and for the e-mail
 * address and phone number on submit, which the SDK keeps to itself without `ad_user_data`.
 *
 * @element orderloop-checkout
 * @attr {boolean} capture - Tells about fields, the payment method and, on submit, who it was.
 * @attr {string} step - The step of the checkout: `contact`, `delivery`, `payment` …
 * @attr {number} value - The total in major units of `currency`.
 * @attr {string} currency - ISO 4217 code.
 * @attr {string} checkout-token - The store's checkout.
 * @attr {Item[]} items - What is bought, as a property or as JSON.
 * @slot - The form.
 */
export class OrderloopCheckout extends LitElement {
  static override styles = css`
    :host {
      display: contents;
    }
    :host([hidden]) {
      display: none;
    }
  `;
  static override properties = {
    capture: { type: Boolean },
    step: {},
    value: { type: Number },
    currency: {},
    checkoutToken: { attribute: 'checkout-token' },
    items: { type: Array },
  };

  declare capture: boolean;
  declare step: string | undefined;
  declare value: number | undefined;
  declare currency: string | undefined;
  declare checkoutToken: string | undefined;
  declare items: Item[] | undefined;

  #planted: HTMLInputElement[] = [];
  #observer = new MutationObserver(() => this.#plant());
  #entered: { field: Field; at: number } | undefined;
  #payment: string | undefined;

  constructor() {
    super();
    this.capture = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('focusin', this.#enter);
    this.addEventListener('focusout', this.#leave);
    this.addEventListener('change', this.#choose);
    // In the capture phase, because the shop's own handlers may stop the event.
    this.addEventListener('submit', this.#submit, true);
    this.#observer.observe(this, { childList: true, subtree: true });
    this.#plant();
    if (this.hasUpdated) this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('focusin', this.#enter);
    this.removeEventListener('focusout', this.#leave);
    this.removeEventListener('change', this.#choose);
    this.removeEventListener('submit', this.#submit, true);
    this.#observer.disconnect();
    for (const input of this.#planted.splice(0)) input.remove();
  }

  protected override firstUpdated(): void {
    if (this.isConnected) this.#begin();
  }

  protected override render(): unknown {
    return html`<slot></slot>`;
  }

  /** The SDK fills it, and empties it when consent is withdrawn. */
  #plant(): void {
    for (const form of this.querySelectorAll('form')) {
      if (form.querySelector('[data-orderloop="session_ref"]')) continue;
      const input = document.createElement('input');
      input.type = 'hidden';
      input.name = input.dataset.orderloop = 'session_ref';
      this.#planted.push(input);
      form.append(input);
    }
  }

  #begin(): void {
    const token = this.checkoutToken ?? '';
    if (begun.has(token)) return;
    begun.add(token);
    command('track', 'begin_checkout', this.#basket());
  }

  #basket() {
    const { value, currency, checkoutToken: checkout_token, items } = this;
    return { value, currency, checkout_token, items };
  }

  #enter = (event: Event): void => {
    const field = fieldOf(event);
    this.#entered = field && { field, at: performance.now() };
  };

  #leave = (event: Event): void => {
    const field = fieldOf(event);
    const entered = this.#entered;
    this.#entered = undefined;
    if (!this.capture || !field || entered?.field !== field) return;
    const duration_ms = Math.round(performance.now() - entered.at);
    command('track', 'checkout_field', { field: nameOf(field), step: this.step, duration_ms, filled: isFilled(field) });
  };

  #choose = (event: Event): void => {
    const field = fieldOf(event);
    const payment_type = field && paymentType(field);
    if (!this.capture || payment_type === undefined || payment_type === this.#payment) return;
    this.#payment = payment_type;
    command('track', 'add_payment_info', { ...this.#basket(), payment_type });
  };

  #submit = ({ target }: Event): void => {
    if (!this.capture || !(target instanceof HTMLFormElement)) return;
    const contact = contactOf(target);
    if (contact.email || contact.phone) command('identify', contact);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'orderloop-checkout': OrderloopCheckout;
  }
}
