import type { RewardClaim, RewardOffer, RewardStart } from '@orderloop/protocol/browser';
import type { Connection, SessionIds } from '@orderloop/sdk';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { type Answer, post } from '../shared/api.ts';
import { count, duration, languageOf } from '../shared/i18n.ts';
import { askSession, command, connect } from '../shared/sdk.ts';
import { sharedStyles } from '../shared/styles.ts';
import { MESSAGES } from './messages.ts';
import { startStopwatch } from './stopwatch.ts';
import { rewardStyles } from './styles.ts';

type Offer = NonNullable<RewardOffer['offer']>;

type Stage =
  | { name: 'waiting' }
  | { name: 'invitation' | 'running' | 'ready' }
  | { name: 'receipt'; points: number }
  /** There is nothing to earn, or not now. */
  | { name: 'already_earned' | 'no_offer' | 'rate_limited' }
  | { name: 'consent' | 'failed'; again(): void };

/** What `orderloop-reward-grant` tells. */
export type RewardGrantEvent = CustomEvent<{ points: number; balance: number }>;

const TIMEOUT_MS = 3000;

/**
 * Invites the visitor to spend some time with a sponsor's message, and gives them points for it. The server measures the
 * time and decides; what is counted here is only shown. To reserve its space before this script has come, add to the shop's
 * styles: `orderloop-reward:not(:defined) { display: block; min-block-size: 17rem }` (19rem below 30rem of width).
 *
 * @element orderloop-reward
 * @attr {string} placement - The name of the place, as offers target it.
 * @attr {string} endpoint - The collector, where it is not the SDK's.
 * @fires {RewardGrantEvent} orderloop-reward-grant - Points were granted; `detail` is `{points, balance}`.
 * @csspart card - The whole prompt.
 * @csspart label - Who the sponsor is.
 * @csspart headline - The sponsor's headline.
 * @csspart message - What to do, what came of it, or why not.
 * @csspart bar - The progress.
 * @csspart action - The button.
 * @csspart balance - The points that the visitor holds.
 * @cssprop --orderloop-reward-height - The reserved height.
 * @cssprop --orderloop-reward-width - The greatest width.
 * @cssprop --orderloop-surface - The ground; likewise `-sunken`, `-text`, `-muted`, `-border`, `-accent`, `-on-accent`.
 * @cssprop --orderloop-radius - How round the corners are.
 */
export class OrderloopReward extends LitElement {
  static override styles = [sharedStyles, rewardStyles];
  static override properties = {
    placement: {},
    endpoint: {},
    _stage: { state: true },
    _isBusy: { state: true },
    _elapsed: { state: true },
    _status: { state: true },
  };

  declare placement: string;
  declare endpoint: string | undefined;
  declare private _stage: Stage;
  /** While the collector is asked; the button then does nothing. */
  declare private _isBusy: boolean;
  declare private _elapsed: number;
  /** What a screen reader hears, at steps only. */
  declare private _status: string;

  #connection = new AbortController();
  #collector: Connection | undefined;
  #ids: SessionIds | undefined;
  #offer: Offer | undefined;
  #balance = 0;
  #duration = 0;
  #hadFocus = false;

  constructor() {
    super();
    this.placement = '';
    this._stage = { name: 'waiting' };
    this._isBusy = false;
    this._elapsed = 0;
    this._status = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#connection = new AbortController();
    if (this.hasUpdated) this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#connection.abort();
  }

  protected override firstUpdated(): void {
    if (this.isConnected) this.#begin();
  }

  protected override updated(changed: PropertyValues): void {
    const filled = this.shadowRoot!.querySelector<HTMLElement>('.bar > span');
    // Not as an attribute: a strict CSP forbids those.
    if (filled) filled.style.inlineSize = `${this.#percent}%`;
    // The button that had the focus is gone: what it brought about takes it.
    if (changed.has('_stage') && this.#hadFocus && !this.shadowRoot!.activeElement) {
      this.shadowRoot!.querySelector<HTMLElement>('.message')?.focus();
    }
  }

  protected override willUpdate(changed: PropertyValues): void {
    this.#hadFocus = Boolean(this.shadowRoot?.activeElement);
    if (!this.hasUpdated || !changed.has('placement')) return;
    this.#connection.abort();
    this.#connection = new AbortController();
    this._stage = { name: 'waiting' };
    if (this.isConnected) this.#begin();
  }

  #begin(): void {
    if (this._stage.name === 'waiting') void this.#open();
    else if (this._stage.name === 'running') this.#run();
  }

  /** Finds the collector and the visitor, without whom nothing can be earned. */
  #open = async (): Promise<void> => {
    const { signal } = this.#connection;
    if (this._stage.name !== 'waiting') this._stage = { name: 'waiting' };
    this.#collector = await connect(this.endpoint, TIMEOUT_MS);
    if (signal.aborted) return;
    if (!this.#collector) return this.#fail(this.#open);
    const isKnown = askSession((ids) => {
      if (signal.aborted) return;
      this.#ids = ids ?? undefined;
      if (ids) void this.#ask();
      else this._stage = { name: 'consent', again: this.#open };
    });
    if (!isKnown) this._stage = { name: 'consent', again: this.#open };
  };

  #ask = async (): Promise<void> => {
    const answer = await this.#post<RewardOffer>('offer', { placement: this.placement, session_id: this.#ids!.session_id });
    if (!answer) return;
    if (!('value' in answer)) return this.#refuse(answer.code, this.#ask);
    const { offer, balance, reason } = answer.value;
    this.#balance = balance;
    if (!offer) {
      this._stage = { name: reason ?? 'no_offer' };
      return;
    }
    this.#offer = offer;
    this.#duration = offer.duration_ms;
    this._elapsed = 0;
    this._stage = { name: 'invitation' };
    await this.updateComplete;
    command('track', 'reward_offer', this.#names(offer));
  };

  #start = async (): Promise<void> => {
    const answer = await this.#post<RewardStart>('start', { nonce: this.#offer!.nonce });
    if (!answer) return;
    if (!('value' in answer)) return this.#refuse(answer.code, this.#start);
    command('track', 'reward_start', this.#names(this.#offer!));
    // The server's two times, so that a wrong clock here doesn't matter.
    this.#wait(answer.value.ready_at - answer.value.started_at);
  };

  #claim = async (): Promise<void> => {
    const answer = await this.#post<RewardClaim>('claim', { nonce: this.#offer!.nonce });
    if (!answer) return;
    if (!('value' in answer)) {
      if (answer.code === 'too_early') return this.#wait((answer.retry_after ?? 1) * 1000);
      return this.#refuse(answer.code, this.#claim);
    }
    const { points, balance } = answer.value;
    this.#balance = balance;
    this._stage = { name: 'receipt', points };
    this._status = this.#messageText();
    const detail = { points, balance };
    this.dispatchEvent(new CustomEvent('orderloop-reward-grant', { detail, bubbles: true, composed: true }));
  };

  #wait(duration_ms: number): void {
    this.#duration = duration_ms;
    this._elapsed = 0;
    this._stage = { name: 'running' };
    this._status = this.#messageText();
    this.#run();
  }

  #run(): void {
    startStopwatch(this._elapsed, this.#duration, this.#connection.signal, (elapsed) => {
      const half = this.#duration / 2;
      if (this._elapsed < half && elapsed >= half) this._status = this.#messages.halfway;
      this._elapsed = elapsed;
      if (elapsed < this.#duration) return;
      this._stage = { name: 'ready' };
      this._status = this.#messages.ready;
    });
  }

  /** Undefined when the element was taken away in the meantime. */
  async #post<T>(route: string, body: Record<string, unknown>): Promise<Answer<T> | undefined> {
    const { signal } = this.#connection;
    const { key, endpoint } = this.#collector!;
    this._isBusy = true;
    const answer = await post<T>(`${endpoint}/v1/rewards/${route}`, { key, visitor_id: this.#ids!.visitor_id, ...body });
    this._isBusy = false;
    return signal.aborted ? undefined : answer;
  }

  #refuse(code: string, again: () => void): void {
    if (code === 'consent_missing') this._stage = { name: 'consent', again: this.#open };
    else if (code === 'already_claimed') this._stage = { name: 'already_earned' };
    else if (code === 'rate_limited') this._stage = { name: 'rate_limited' };
    // The offer has run out: there may be another.
    else this.#fail(code === 'not_found' ? this.#ask : again);
  }

  #fail(again: () => void): void {
    this._stage = { name: 'failed', again };
  }

  #names({ nonce }: Offer): { placement: string; offer_id: string } {
    return { placement: this.placement, offer_id: nonce.slice(0, 8) };
  }

  get #messages() {
    return MESSAGES[languageOf(this)];
  }

  #points(amount: number): string {
    return count(languageOf(this), this.#messages.points, amount);
  }

  #time(ms: number): string {
    return duration(languageOf(this), ms);
  }

  get #percent(): number {
    return Math.round((100 * this._elapsed) / this.#duration);
  }

  #messageText(): string {
    const stage = this._stage;
    const messages = this.#messages;
    if (stage.name === 'waiting') return '';
    if (stage.name === 'running') return messages.left(this.#time(this.#duration - this._elapsed));
    if (stage.name === 'receipt') return messages.receipt(this.#points(stage.points));
    if (stage.name !== 'invitation') return messages[stage.name];
    return messages.invitation(this.#time(this.#duration), this.#points(this.#offer!.points));
  }

  /** What the one button does. It stays the same element from start to claim, so that it keeps the focus. */
  #action(): { label: string; run?: () => void } | undefined {
    const stage = this._stage;
    const messages = this.#messages;
    if (stage.name === 'consent' || stage.name === 'failed') return { label: messages.again, run: stage.again };
    if (stage.name === 'invitation') return { label: messages.start, run: this.#start };
    const label = () => messages.claim(this.#points(this.#offer!.points));
    if (stage.name === 'running') return { label: label() };
    if (stage.name === 'ready') return { label: label(), run: this.#claim };
    return undefined;
  }

  /** Asked at the press, because a second one may come before the first is rendered. */
  #press = (): void => {
    if (!this._isBusy) this.#action()?.run?.();
  };

  protected override render(): unknown {
    const { name } = this._stage;
    if (name === 'waiting') return nothing;
    const hasOffer = name === 'invitation' || name === 'running' || name === 'ready' || name === 'receipt';
    const creative = hasOffer ? this.#offer?.creative : undefined;
    const action = this.#action();
    return html`
      <div class="card" part="card">
        ${
          creative
            ? html`<p class="label" part="label"><bdi>${this.#messages.sponsor(creative.advertiser)}</bdi></p>
                <div>
                  <p class="headline" part="headline"><bdi>${creative.headline}</bdi></p>
                  <p class="text"><bdi>${creative.text}</bdi></p>
                </div>`
            : nothing
        }
        <div class="ours" lang=${languageOf(this)}>
          <p class="message" part="message" tabindex="-1"><bdi>${this.#messageText()}</bdi></p>
          ${hasOffer ? this.#renderBar(name === 'running' || name === 'ready') : nothing}
          <p class="balance" part="balance">
            <bdi>${this.#ids ? this.#messages.balance(this.#points(this.#balance)) : nothing}</bdi>
          </p>
          ${
            action
              ? html`<button
                  class="action"
                  part="action"
                  type="button"
                  aria-disabled=${action.run && !this._isBusy ? 'false' : 'true'}
                  @click=${this.#press}
                >
                  ${action.label}
                </button>`
              : nothing
          }
          <p class="status" role="status">${this._status}</p>
        </div>
      </div>
    `;
  }

  #renderBar(isShown: boolean): unknown {
    return html`<div
      class=${isShown ? 'bar' : 'bar idle'}
      part="bar"
      role="progressbar"
      aria-label=${this.#messages.claim(this.#points(this.#offer!.points))}
      aria-valuenow=${this.#percent}
      aria-valuetext=${this.#messageText()}
    >
      <span></span>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderloop-reward': OrderloopReward;
  }
  interface HTMLElementEventMap {
    'orderloop-reward-grant': RewardGrantEvent;
  }
}
