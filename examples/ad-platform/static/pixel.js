// The pixel of the platform: takes over the queue that the shop's stub has filled, as the real ones do.
(() => {
  const fbq = window.fbq;
  if (!fbq || fbq.callMethod) return;

  const home = new URL(document.currentScript.src).origin;
  const COOKIE_AGE_S = 90 * 86400;
  const pixels = new Set();
  let granted = true;
  let held = [];

  function readCookie(name) {
    const entry = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`));
    return entry?.slice(name.length + 1);
  }

  function writeCookie(name, value) {
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain http, where the demo runs.
    document.cookie = `${name}=${value}; Path=/; Max-Age=${COOKIE_AGE_S}; SameSite=Lax${secure}`;
  }

  /** Digits, as the platform's own; enough of them that two browsers never share one. */
  function randomNumber() {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2));
    return `${high}${String(low).padStart(10, '0')}`;
  }

  function plantCookies() {
    writeCookie('_fbp', readCookie('_fbp') ?? `fb.1.${Date.now()}.${randomNumber()}`);
    const click = new URLSearchParams(location.search).get('fbclid');
    const known = readCookie('_fbc');
    // A reload of the landing page is the same click, and keeps the time of the first.
    if (click && known?.split('.')[3] !== click) writeCookie('_fbc', `fb.1.${Date.now()}.${click}`);
    else if (known) writeCookie('_fbc', known);
  }

  function send(name, parameters = {}, { eventID } = {}) {
    plantCookies();
    for (const id of pixels) {
      const query = new URLSearchParams({ id, ev: name, dl: location.href, rl: document.referrer, ts: String(Date.now()) });
      if (eventID) query.set('eid', eventID);
      for (const [key, value] of Object.entries(parameters)) {
        query.set(`cd[${key}]`, typeof value === 'object' ? JSON.stringify(value) : String(value));
      }
      for (const cookie of ['_fbp', '_fbc']) {
        const value = readCookie(cookie);
        if (value) query.set(cookie.slice(1), value);
      }
      new Image(1, 1).src = `${home}/tr?${query}`;
    }
  }

  const methods = {
    init: (id) => pixels.add(String(id)),
    track: send,
    trackCustom: send,
    consent(choice) {
      granted = choice === 'grant';
      if (!granted) return;
      const waiting = held;
      held = [];
      for (const call of waiting) handle(...call);
    },
  };

  function handle(method, ...rest) {
    const tracks = method === 'track' || method === 'trackCustom';
    if (tracks && !granted) held.push([method, ...rest]);
    else methods[method]?.(...rest);
  }

  fbq.callMethod = handle;
  for (const call of fbq.queue.splice(0)) handle(...call);
})();
