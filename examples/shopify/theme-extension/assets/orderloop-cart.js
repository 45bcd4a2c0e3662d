// Writes the session reference into the cart, where it becomes a note attribute of the order, and tells the collector the
// cart's token, by which the order finds its session when the attribute is lost. Passes the visitor's choice on.
(() => {
  const CHANGES = /\/cart\/(add|change|update|clear)(\.js)?(\?|$)/;
  let told = '';

  const readCart = async () => (await fetch('/cart.js', { headers: { accept: 'application/json' } })).json();

  // Other apps keep attributes of their own there: only ours is sent, and only when it is not there yet.
  async function plant(session_ref) {
    const cart = await readCart();
    if (cart.token && cart.token !== told && cart.item_count > 0) {
      told = cart.token;
      window.orderloop('track', 'view_cart', { cart_token: cart.token.split('?')[0] });
    }
    if (cart.attributes?._sref === session_ref) return;
    await fetch('/cart/update.js', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ attributes: { _sref: session_ref } }),
    });
  }

  // The SDK calls back with each new session, and with nothing when the visitor takes the yes back.
  let session_ref;
  const again = () => session_ref && plant(session_ref).catch(() => undefined);
  window.orderloop('session', (session) => {
    session_ref = session?.session_ref;
    again();
  });
  // The theme's own scripts change the cart: it is looked at after each of their requests, and not in their way.
  new PerformanceObserver((list) => {
    const ours = (entry) => entry.name.endsWith('/cart/update.js');
    if (list.getEntries().some((entry) => CHANGES.test(entry.name) && !ours(entry))) again();
  }).observe({ type: 'resource' });

  function passConsent() {
    const privacy = window.Shopify?.customerPrivacy;
    if (!privacy) return;
    const word = (isAllowed) => (isAllowed ? 'granted' : 'denied');
    window.orderloop('consent', {
      analytics_storage: word(privacy.analyticsProcessingAllowed()),
      ad_storage: word(privacy.marketingAllowed()),
      ad_user_data: word(privacy.marketingAllowed() && privacy.saleOfDataAllowed()),
      ad_personalization: word(privacy.marketingAllowed() && privacy.saleOfDataAllowed()),
    });
  }
  document.addEventListener('visitorConsentCollected', passConsent);
  window.Shopify?.loadFeatures?.([{ name: 'consent-tracking-api', version: '0.1' }], (error) => {
    if (!error) passConsent();
  });
})();
