import type { AdDecision } from '@orderloop/protocol/browser';
import type { SessionIds } from '@orderloop/sdk';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { get, safeAddress } from '../shared/api.ts';
import { languageOf } from '../shared/i18n.ts';
import { askSession, command, connect } from '../shared/sdk.ts';
import { sharedStyles } from '../shared/styles.ts';
import { LABEL } from './messages.ts';
import { whenNear } from './near.ts';
import { adSlotStyles } from './styles.ts';
import { whenViewable } from './viewable.ts';

type Creative = NonNullable<AdDecision['creative']>;

/**
 * An advertisement of the shop's own campaigns. It takes its space before anything is loaded, asks for a decision shortly
 * before it is scrolled into view, and shows its slotted content when there is none. To reserve the space before this
 * script has come, add to the shop's styles:
 *
 *     orderloop-ad-slot:not(:defined) { display: block; block-size: 9.5rem }
 *     orderloop-ad-slot[format='rectangle']:not(:defined) { block-size: 19rem }
 *
 * @element orderloop-ad-slot
 * @attr {string} placement - The name of the place, as campaigns target it.
 * @attr {'banner' | 'rectangle'} format - Its shape; `banner` by default.
 * @attr {string} endpoint - The collector, where it is not the SDK's.
 * @attr {number} timeout - How long a decision may take, in ms; 3000 by default.
 * @slot - What to show when there is no advertisement.
 * @csspart card - The whole advertisement.
 * @csspart label - The word that says that it is one, and whose.
 * @csspart image - The picture.
 * @csspart headline - The headline.
 * @csspart text - The text.
 * @csspart action - The link.
 * @cssprop --orderloop-ad-slot-height - The reserved height.
 * @cssprop --orderloop-surface - The ground; likewise `-sunken`, `-text`, `-muted`, `-border`, `-accent`, `-on-accent`.
 * @cssprop --orderloop-radius - How round the corners are.
 */
export class OrderloopAdSlot extends LitElement {
  static override styles = [sharedStyles, adSlotStyles];
  static override properties = {
    placement: {},
    format: { reflect: true },
    endpoint: {},
    timeout: { type: Number },
    _decision: { state: true },
    _isImageBroken: { state: true },
    _ids: { state: true },
  };

  declare placement: string;
  declare format: string;
  declare endpoint: string | undefined;
  declare timeout: number;
  /** Undefined until decided, null when there is nothing to show. */
  declare private _decision: AdDecision | null | undefined;
  declare private _isImageBroken: boolean;
  declare private _ids: SessionIds | null;

  #connection = new AbortController();
  #origin = '';
  #isViewable = false;

  constructor() {
    super();
    this.placement = '';
    this.format = 'banner';
    this.timeout = 3000;
    this._isImageBroken = false;
    this._ids = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#connection = new AbortController();
    // The first time waits for the first update, which brings in properties that were set before the upgrade.
    if (this.hasUpdated) this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#connection.abort();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.hasUpdated && (changed.has('placement') || changed.has('format'))) this.#reset();
  }

  protected override firstUpdated(): void {
    if (this.isConnected) this.#begin();
  }

  #reset(): void {
    this.#connection.abort();
    this.#connection = new AbortController();
    this._decision = undefined;
    this._isImageBroken = false;
    this.#isViewable = false;
    if (this.isConnected) this.#begin();
  }

  #begin(): void {
    const { signal } = this.#connection;
    if (this._decision) this.#watch(signal);
    else if (this._decision === undefined) whenNear(this, signal, () => this.#decide(signal));
  }

  async #decide(signal: AbortSignal): Promise<void> {
    const decision = await this.#ask();
    if (signal.aborted) return;
    this._decision = decision;
    if (!decision) return;
    askSession((ids) => {
      this._ids = ids;
    });
    await this.updateComplete;
    if (signal.aborted) return;
    command('track', 'ad_impression', this.#names(decision));
    this.#watch(signal);
  }

  async #ask(): Promise<AdDecision | null> {
    const { placement, format, timeout } = this;
    const connection = await connect(this.endpoint, timeout);
    if (!connection) return null;
    this.#origin = connection.endpoint;
    const query = new URLSearchParams({ placement, format, key: connection.key });
    const answer = await get<AdDecision>(`${connection.endpoint}/v1/ads/decide?${query}`, timeout);
    return 'value' in answer && safeAddress(answer.value.creative?.click_url, this.#origin) ? answer.value : null;
  }

  #watch(signal: AbortSignal): void {
    const decision = this._decision;
    if (!decision || this.#isViewable) return;
    whenViewable(this, signal, () => {
      this.#isViewable = true;
      command('track', 'ad_viewable', this.#names(decision));
    });
  }

  #names({ decision_id, creative }: AdDecision): { placement: string; decision_id: string; creative_id: string } {
    return { placement: this.placement, decision_id, creative_id: creative!.creative_id };
  }

  /** Ids go into the link only as long as consent allows them, which may have changed since it was rendered. */
  #renewIds = (): void => {
    this._ids = null;
    askSession((ids) => {
      this._ids = ids;
    });
    this.performUpdate();
  };

  #target(creative: Creative): string {
    const url = safeAddress(creative.click_url, this.#origin)!;
    if (this._ids) {
      url.searchParams.set('visitor_id', this._ids.visitor_id);
      url.searchParams.set('session_id', this._ids.session_id);
    }
    return url.href;
  }

  protected override render(): unknown {
    const creative = this._decision?.creative;
    if (creative) return this.#renderCreative(creative);
    return this._decision === null ? html`<div class="fallback"><slot></slot></div>` : nothing;
  }

  #renderCreative(creative: Creative): unknown {
    const language = languageOf(this);
    return html`
      <div class=${creative.image ? 'card' : 'card bare'} part="card" role="group" aria-label=${LABEL[language]}>
        ${this.#renderImage(creative)}
        <p class="label" part="label"><bdi lang=${language}>${LABEL[language]}</bdi> · <bdi>${creative.advertiser}</bdi></p>
        <div class="words">
          <p class="headline" part="headline" id="headline"><bdi>${creative.headline}</bdi></p>
          ${creative.text ? html`<p class="text" part="text"><bdi>${creative.text}</bdi></p>` : nothing}
        </div>
        <a
          class="action"
          part="action"
          href=${this.#target(creative)}
          rel="noopener nofollow sponsored"
          aria-describedby="headline"
          @click=${this.#renewIds}
          @auxclick=${this.#renewIds}
          >${creative.call_to_action}</a
        >
      </div>
    `;
  }

  #renderImage({ image }: Creative): unknown {
    if (!image) return nothing;
    const source = safeAddress(image.url, this.#origin);
    // The frame stays when the picture fails: what would move into its place would be a layout shift.
    return html`<div class="media">
      ${
        source && !this._isImageBroken
          ? html`<img
              part="image"
              src=${source.href}
              alt=${image.alt}
              width=${image.width}
              height=${image.height}
              decoding="async"
              @error=${() => {
                this._isImageBroken = true;
              }}
            />`
          : nothing
      }
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderloop-ad-slot': OrderloopAdSlot;
  }
}
