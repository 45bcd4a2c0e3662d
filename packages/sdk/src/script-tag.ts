// The one file that starts itself: what <script async src=".../orderloop.js" data-key="pk_…"> runs.
import { installCommands } from './commands.ts';
import { loadWidgets } from './load-widgets.ts';
import { createOrderloop } from './orderloop.ts';
import { createWarn, isDevelopment } from './warn.ts';

const script = document.currentScript as HTMLScriptElement | null;

// The second of two copies finds the first one's key, and stops.
if (script && !window.orderloop?.key) start(script);

function start({ src, dataset, nonce }: HTMLScriptElement): void {
  try {
    const { key = '' } = dataset;
    const endpoint = new URL(dataset.endpoint ?? '.', src).href.replace(/\/$/, '');
    const debug = 'debug' in dataset || isDevelopment(location.hostname);
    const orderloop = createOrderloop({
      key,
      endpoint,
      consent: dataset.consent === 'granted' ? 'granted' : undefined,
      pageView: !('noPageView' in dataset),
      debug,
    });
    installCommands(window, orderloop, { key, endpoint, site: orderloop.site }, createWarn(debug));
    if (!('noWidgets' in dataset)) loadWidgets(window, endpoint, nonce);
  } catch (error) {
    // A tag that is set up wrongly is the shop's developer's to see, whatever the host.
    console.warn(error);
  }
}
