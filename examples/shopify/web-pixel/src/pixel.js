/**
 * What the pixel does in the checkout, where no theme's script runs: when the order is placed, it tells the collector which
 * session placed it, with the order's and the checkout's ids. The order itself comes by webhook; this is evidence for it.
 *
 * @param {object} api what Shopify hands to a web pixel: `analytics`, `browser`, `init`, `customerPrivacy`, `settings`
 */
export function orderloopPixel({ analytics, browser, init, customerPrivacy, settings }) {
  let privacy = init.customerPrivacy;
  customerPrivacy.subscribe('visitorConsentCollected', (event) => {
    privacy = event.customerPrivacy;
  });

  analytics.subscribe('checkout_completed', async (event) => {
    // What may not be kept is not sent.
    if (!privacy?.analyticsProcessingAllowed) return;
    const { checkout } = event.data;
    const visit = JSON.parse((await browser.localStorage.getItem(storageKey(settings.key))) ?? 'null');
    if (!visit?.visitor_id || !visit.session_id) return;
    const ads = privacy.marketingAllowed ? 'granted' : 'denied';
    const user = privacy.marketingAllowed && privacy.saleOfDataAllowed ? 'granted' : 'denied';
    const body = {
      key: settings.key,
      sent_at: Date.now(),
      events: [
        {
          event: 'purchase',
          event_id: uuidv7(Date.parse(event.timestamp)),
          occurred_at: Date.parse(event.timestamp),
          visitor_id: visit.visitor_id,
          session_id: visit.session_id,
          action_source: 'web',
          consent: { analytics_storage: 'granted', ad_storage: ads, ad_user_data: user, ad_personalization: user },
          properties: {
            ...(checkout.order?.id && { transaction_id: String(checkout.order.id).split('/').pop() }),
            ...(checkout.token && { checkout_token: checkout.token }),
            ...(checkout.totalPrice && { value: checkout.totalPrice.amount, currency: checkout.currencyCode }),
          },
        },
      ],
    };
    await fetch(`${settings.collector}/v1/events`, { method: 'POST', keepalive: true, body: JSON.stringify(body) });
  });
}

/** Where the SDK remembers the visit: by the site that the key names, `pk_<site>_<random>`. */
const storageKey = (key) => `orderloop.${key.slice('pk_'.length, key.lastIndexOf('_'))}`;

function uuidv7(ms) {
  const time = ms.toString(16).padStart(12, '0');
  const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = ((Number.parseInt(random[3], 16) & 3) | 8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
