/* Hands the checkout block the session's reference, which goes to the shop's server with the order. */
(() => {
  const { wp, orderloop } = window;
  if (!wp?.data || !orderloop) return;
  orderloop('session', (session) => {
    if (!session) return;
    const checkout = wp.data.dispatch('wc/store/checkout');
    // Its name before WooCommerce 9.9 was another.
    const setExtensionData = checkout?.setExtensionData ?? checkout?.__internalSetExtensionData;
    setExtensionData?.('orderloop', { sref: session.session_ref });
  });
})();
