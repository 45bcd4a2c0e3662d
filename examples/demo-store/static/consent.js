// The banner: saves the choice without a page load, and tells those who must know.
const banner = document.getElementById('consent');
const CHOICE_S = 180 * 86400;
const attributes = `; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;

function setCookie(name, value, maxAge) {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain http, where the demo runs.
  document.cookie = `${name}=${value}; Max-Age=${maxAge}${attributes}`;
}

function choose(choice) {
  setCookie('shop_consent', choice, CHOICE_S);
  const state = choice === 'all' ? 'granted' : 'denied';
  window.orderloop?.('consent', {
    ad_storage: state,
    ad_user_data: state,
    ad_personalization: state,
    analytics_storage: state,
  });
  window.fbq?.('consent', choice === 'all' ? 'grant' : 'revoke');
  if (choice !== 'all') for (const name of ['_fbp', '_fbc']) setCookie(name, '', 0);
}

banner.addEventListener('submit', (event) => {
  event.preventDefault();
  choose(event.submitter.value);
  banner.hidden = true;
  document.getElementById('content').focus({ preventScroll: true });
  const saved = document.getElementById('consent-saved');
  saved.textContent = saved.dataset.text;
});

document.getElementById('consent-change').addEventListener('click', (event) => {
  event.preventDefault();
  banner.hidden = false;
  banner.focus();
});
