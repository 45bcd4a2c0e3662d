// The shop's own measuring: it tells Orderloop what GA4 would be told, and its ad platform's pixel of an order.
const tell = (...call) => window.orderloop?.(...call);

/** Once in each tab, although the page may be reloaded. */
function isFirstTime(key) {
  try {
    if (sessionStorage.getItem(key)) return false;
    sessionStorage.setItem(key, '1');
  } catch {
    // Storage is off. Twice is no harm: the id of the conversion is the same.
  }
  return true;
}

for (const { name, params } of JSON.parse(document.getElementById('page-events').textContent)) {
  if (name !== 'purchase') {
    tell('track', name, params);
  } else if (isFirstTime(`purchase-${params.transaction_id}`)) {
    tell('track', name, params);
    // Under the id that the collector gives the platform too, so that it counts the two as one. Without the collector's
    // script there is no such id, and no pixel either: the collector will report the order by itself.
    tell('conversion_id', params.transaction_id, 'purchase', (eventID) => {
      window.fbq?.('track', 'Purchase', { value: params.value, currency: params.currency }, { eventID });
    });
  }
}

for (const form of document.querySelectorAll('form[data-item]')) {
  form.addEventListener('submit', () => {
    const quantity = Number(new FormData(form).get('quantity'));
    const item = { ...JSON.parse(form.dataset.item), quantity };
    const value = Math.round(item.price * quantity * 100) / 100;
    tell('track', 'add_to_cart', { currency: 'EUR', value, items: [item] });
  });
}

// A list of faults is what the page was sent for.
document.getElementById('faults')?.focus();
