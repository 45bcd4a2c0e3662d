import type { Cart } from '../carts.ts';
import { type CheckoutForm, COUNTRIES, type Field, PAYMENTS } from '../checkout-form.ts';
import { itemOf, paramsOf } from '../events.ts';
import { type Html, html } from '../html.ts';
import { fill } from '../language.ts';
import { DELIVERIES, deliveryFee, totalsOf } from '../totals.ts';
import type { Visit } from '../visit.ts';
import type { Page } from './layout.ts';
import { picture, sums } from './parts.ts';

const AUTOCOMPLETE: Record<Field, string> = {
  email: 'email',
  phone: 'tel',
  first_name: 'given-name',
  last_name: 'family-name',
  street: 'street-address',
  postal_code: 'postal-code',
  city: 'address-level2',
  country: 'country',
};

export function checkoutPage(visit: Visit, cart: Cart, form: CheckoutForm): Page {
  const { words } = visit;
  const priced = cart.lines.map(({ product, quantity }) => ({ quantity, unit_price: product.price }));
  const { currency, value } = paramsOf(cart.lines);
  const field = (name: Field, type = 'text') => fieldOf(visit, form, name, type);
  return {
    title: words.checkout,
    body: html`<h1>${words.checkout}</h1>
${faultList(visit, form)}
<div class="with-aside">
<orderloop-checkout capture currency="${currency}" value="${value}" items="${JSON.stringify(cart.lines.map(itemOf))}" checkout-token="${cart.checkout_token}">
<form class="checkout" action="/checkout" method="post" novalidate>
<input type="hidden" name="checkout_token" value="${cart.checkout_token}">
<fieldset><legend>${words.contact}</legend>${field('email', 'email')}${field('phone', 'tel')}</fieldset>
<fieldset><legend>${words.address}</legend>
<div class="pair">${field('first_name')}${field('last_name')}</div>
${field('street')}
<div class="pair town">${field('postal_code')}${field('city')}</div>
${countryField(visit, form)}</fieldset>
<fieldset><legend>${words.deliveryTitle}</legend>${DELIVERIES.map((name) => {
      const fee = deliveryFee(totalsOf(priced, name).subtotal, name);
      const [title, note] = words.deliveries[name];
      return choice('delivery', name, form.delivery, title, note, fee === 0 ? words.free : visit.money(fee));
    })}</fieldset>
<fieldset><legend>${words.paymentTitle}</legend>${PAYMENTS.map((name) => choice('payment', name, form.payment, ...words.payments[name]))}</fieldset>
<button class="wide">${words.placeOrder}</button>
</form>
</orderloop-checkout>
<aside class="panel" aria-labelledby="summary">
<h2 id="summary">${words.summary}</h2>
<ul class="brief">${cart.lines.map(
      ({ product, quantity }) =>
        html`<li>${picture(product.slug, 56)}<span>${quantity} × ${product.name}</span><span class="price">${visit.money(product.price * quantity)}</span></li>`,
    )}</ul>
<div aria-live="polite">${DELIVERIES.map((name) => html`<div class="sums-${name}">${sums(visit, totalsOf(priced, name))}</div>`)}</div>
</aside>
</div>`,
  };
}

function fieldOf({ words }: Visit, { values, faults }: CheckoutForm, name: Field, type: string): Html {
  const fault = faults[name];
  const hint = name === 'phone' && html`<small id="${name}-hint">${words.phoneHint}</small>`;
  const described = [hint && `${name}-hint`, fault && `${name}-fault`].filter(Boolean).join(' ');
  return html`<p class="field"><label for="${name}">${words.fields[name]}${name === 'phone' && html` <i>(${words.optional})</i>`}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${AUTOCOMPLETE[name]}" value="${values[name]}"${name !== 'phone' && html` required`}${described && html` aria-describedby="${described}"`}${fault && html` aria-invalid="true"`}>
${hint}${faultOf(words, name, fault)}</p>`;
}

function countryField({ words, locale }: Visit, { values, faults }: CheckoutForm): Html {
  const names = new Intl.DisplayNames(locale, { type: 'region' });
  const { compare } = new Intl.Collator(locale);
  const options = COUNTRIES.map((code) => ({ code, name: names.of(code) ?? code })).sort((a, b) => compare(a.name, b.name));
  const fault = faults.country;
  return html`<p class="field"><label for="country">${words.fields.country}</label>
<select id="country" name="country" autocomplete="country" required${fault && html` aria-describedby="country-fault" aria-invalid="true"`}>
${options.map(({ code, name }) => html`<option value="${code}"${code === values.country && html` selected`}>${name}</option>`)}
</select>${faultOf(words, 'country', fault)}</p>`;
}

function faultOf(words: Visit['words'], name: Field, fault: CheckoutForm['faults'][Field]): Html | undefined {
  return fault && html`<span class="fault" id="${name}-fault">${fill(words.faults[fault], { field: words.fields[name] })}</span>`;
}

/** All faults at the top, each leading to its field; it takes the focus when the page comes (static/events.js). */
function faultList({ words }: Visit, { faults }: CheckoutForm): Html | false {
  const entries = Object.entries(faults) as [Field, NonNullable<CheckoutForm['faults'][Field]>][];
  if (entries.length === 0) return false;
  return html`<div class="faults" id="faults" tabindex="-1" role="alert"><h2>${words.faultsTitle}</h2>
<ul>${entries.map(([name, fault]) => html`<li><a href="#${name}">${fill(words.faults[fault], { field: words.fields[name] })}</a></li>`)}</ul></div>`;
}

function choice(group: string, value: string, chosen: string, title: string, note: string, price?: string): Html {
  return html`<label class="choice"><input type="radio" name="${group}" value="${value}"${value === chosen && html` checked`}>
<span><b>${title}</b> <small>${note}</small></span>${price && html`<span class="price">${price}</span>`}</label>`;
}
