const words = JSON.parse(document.getElementById('words').textContent);
const language = words.language;
const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const number = new Intl.NumberFormat(language);
const POLL_MS = 1000;
const SHOWN = 100;

const byId = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => number.format(values[name]));

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function money(value, currency) {
  if (value === null) return '';
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency }).format(value);
  } catch {
    return `${value} ${currency ?? ''}`;
  }
}

function statusOf(event) {
  if (event.status === 'counted') return words.status.counted;
  return `${words.status.duplicate} · ${event.kept === 'pixel' ? words.status.keptPixel : words.status.keptApi}`;
}

const describe = {
  events: (event) => ({
    state: event.status,
    cells: [
      element('span', `source ${event.source}`, words.sources[event.source]),
      element('b', 'name', event.event_name),
      element('span', 'amount', money(event.value, event.currency)),
      element('span', 'state', statusOf(event)),
      element('bdi', 'id', event.event_id ?? words.noId),
    ],
    raw: event.raw,
  }),
  webhooks: (webhook) => ({
    state: webhook.status === 'accepted' ? 'counted' : webhook.status,
    cells: [
      element('b', 'name', webhook.type ?? '–'),
      element('span', 'state', webhook.error ?? words.status[webhook.status]),
      element('bdi', 'id', webhook.webhook_id ?? '–'),
    ],
    raw: webhook.raw,
  }),
  requests: (request) => ({
    state: request.status === 200 && request.mode !== 'garbage' ? 'counted' : 'refused',
    cells: [
      element('b', 'name', String(request.status)),
      element('span', 'state', request.error ?? fill(words.events, { n: request.events_received })),
      element('bdi', 'id', `POST ${request.path}`),
    ],
  }),
};

/** Rows by what they show: a row that changes nothing stays as it is, so that what is open stays open. */
const rows = { events: new Map(), webhooks: new Map(), requests: new Map() };

function makeRow(entry, { state, cells, raw }) {
  const line = element('span', 'line', element('time', '', time.format(entry.received_at)), ...cells);
  if (raw === undefined || raw === null) return element('li', state, line);
  const body = element('pre', '', JSON.stringify(raw, null, 2));
  body.dir = 'ltr';
  // Else a long text could not be scrolled by keyboard.
  body.tabIndex = 0;
  const summary = element('summary', '', line, element('span', 'hidden', ` (${words.showRaw})`));
  return element('li', state, element('details', '', summary, body));
}

function showList(kind, entries) {
  const list = byId(kind);
  const kept = new Map();
  for (const [index, entry] of entries.entries()) {
    const key = kind === 'events' ? entry.number : `${entry.received_at}-${index}`;
    const described = describe[kind](entry);
    const version = `${described.state}|${described.cells.map((cell) => cell.textContent).join('|')}`;
    let row = rows[kind].get(key);
    if (row?.version !== version) {
      const made = makeRow(entry, described);
      const details = made.querySelector('details');
      if (details && row?.item.querySelector('details')?.open) details.open = true;
      row?.item.replaceWith(made);
      row = { item: made, version };
    }
    kept.set(key, row);
    if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
  }
  while (list.children.length > entries.length) list.lastElementChild.remove();
  rows[kind] = kept;
  list.parentElement.hidden = kind !== 'events' && entries.length === 0;
}

let newest;

function showInbox({ events, webhooks, requests }) {
  showList('events', events.slice(-SHOWN).reverse());
  showList('webhooks', webhooks.slice(-10).reverse());
  showList('requests', requests.slice(-10).reverse());
  const counted = events.filter((event) => event.status === 'counted');
  byId('total-counted').textContent = number.format(counted.length);
  byId('total-duplicates').textContent = number.format(events.length - counted.length);
  const sums = new Map();
  for (const { value, currency } of counted) if (value && currency) sums.set(currency, (sums.get(currency) ?? 0) + value);
  byId('total-value').textContent = [...sums].map(([currency, sum]) => money(sum, currency)).join(' + ') || '–';
  byId('empty').hidden = events.length + webhooks.length + requests.length > 0;
  const latest = events.at(-1)?.number ?? 0;
  if (newest !== undefined && latest > newest) byId('arrived').textContent = fill(words.arrived, { n: latest - newest });
  newest = latest;
}

function showMode({ mode, times }) {
  const left = times === null ? '' : ` (${fill(words.leftOver, { n: times })})`;
  const text = `${words.inForce}: ${words.modes[mode]}${left}`;
  // A status that is written again is read out again.
  if (byId('mode-now').textContent !== text) byId('mode-now').textContent = text;
  byId('mode-now').classList.toggle('warn', mode !== 'ok');
}

function showDay(visitors) {
  const form = byId('day');
  if (!form || !visitors) return;
  const { playing, done, total } = visitors;
  const button = form.querySelector('button');
  button.textContent = playing ? words.pause : words.play;
  button.value = playing ? 'no' : 'yes';
  const bar = form.querySelector('progress');
  bar.max = Math.max(1, total);
  bar.value = done;
  byId('day-progress').textContent = done > 0 || playing ? fill(words.dayProgress, { done, total }) : '';
}

function showTrouble(text) {
  if (byId('trouble').textContent !== text) byId('trouble').textContent = text;
}

let version = -1;

async function refresh() {
  try {
    const state = await (await fetch(`/received?version=${version}`)).json();
    if (state.events) showInbox(state);
    version = state.version;
    showMode(state);
    showDay(state.visitors);
    showTrouble('');
  } catch {
    showTrouble(words.failed);
  }
}

async function poll() {
  if (!document.hidden) await refresh();
  setTimeout(poll, POLL_MS);
}

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const body = JSON.stringify(Object.fromEntries(new FormData(form, event.submitter)));
    try {
      await fetch(form.action, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    } catch {
      showTrouble(words.failed);
    }
    await refresh();
  });
}

document.addEventListener('visibilitychange', refresh);
poll();
