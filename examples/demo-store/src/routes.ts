import { type Request, type Response, Router, urlencoded } from 'express';
import { type Carts, readQuantity } from './carts.ts';
import { findProduct } from './catalogue.ts';
import { emptyForm, readCheckoutForm } from './checkout-form.ts';
import { readChoice } from './consent.ts';
import { type Html, html } from './html.ts';
import { LANGUAGES } from './language.ts';
import type { NewOrder, Order, Orders } from './orders.ts';
import { cartPage } from './pages/cart.ts';
import { checkoutPage } from './pages/checkout.ts';
import { homePage } from './pages/home.ts';
import { layout, type Page } from './pages/layout.ts';
import { notFoundPage } from './pages/not-found.ts';
import { productPage } from './pages/product.ts';
import { thankYouPage } from './pages/thank-you.ts';
import { refuseOtherSites } from './security.ts';
import { readVisit, remember, type Visit } from './visit.ts';

/** European authorities ask for the choice to be renewed after at most thirteen months; half of that annoys nobody. */
const CHOICE_S = 180 * 86_400;

export interface RouteOptions {
  carts: Carts;
  placeOrder(order: NewOrder): Order;
  orders: Pick<Orders, 'findByToken' | 'findByCheckout'>;
  /** The scripts of others, for the head of each page. */
  tags(visit: Visit): Html[];
  policy(nonce: string): string;
}

/** The shop's pages and forms. Each form answers with a redirect, so that a reload never sends it again. */
export function createRoutes({ carts, placeOrder, orders, tags, policy }: RouteOptions): Router {
  const router = Router();
  router.use(refuseOtherSites, urlencoded({ limit: '64kb' }));

  const visitOf = (request: Request, response: Response) => readVisit(request, response, carts);

  function show(response: Response, visit: Visit, page: Page, status = 200): void {
    response.set({
      'content-security-policy': policy(visit.nonce),
      'cache-control': 'no-store',
      'referrer-policy': 'strict-origin-when-cross-origin',
      vary: 'accept-language, cookie',
    });
    response.status(status).send(layout(visit, html`${tags(visit)}`, page));
  }

  router.get('/', (request, response) => {
    const visit = visitOf(request, response);
    show(response, visit, homePage(visit));
  });

  router.get('/products/:slug', (request, response, next) => {
    const product = findProduct(request.params.slug);
    if (!product) return next();
    const visit = visitOf(request, response);
    show(response, visit, productPage(visit, product));
  });

  router.get('/cart', (request, response) => {
    const visit = visitOf(request, response);
    show(response, visit, cartPage(visit, findProduct(request.query['added'])?.name));
  });

  router.post('/cart/add', (request, response) => {
    const product = findProduct(request.body?.slug);
    const quantity = readQuantity(request.body?.quantity, 1);
    if (!product || quantity === undefined) return response.redirect(303, '/cart');
    const cart = visitOf(request, response).cart ?? carts.open();
    carts.add(cart.id, product.slug, quantity);
    remember(response, 'shop_cart', cart.id, { httpOnly: true });
    response.redirect(303, `/cart?added=${product.slug}`);
  });

  router.post('/cart/update', (request, response) => {
    const { cart } = visitOf(request, response);
    const product = findProduct(request.body?.slug);
    const quantity = readQuantity(request.body?.quantity, 0);
    if (cart && product && quantity !== undefined) carts.setQuantity(cart.id, product.slug, quantity);
    response.redirect(303, '/cart');
  });

  router.get('/checkout', (request, response) => {
    const visit = visitOf(request, response);
    if (!visit.cart?.lines.length) return response.redirect(303, '/cart');
    show(response, visit, checkoutPage(visit, visit.cart, emptyForm(LANGUAGES[visit.language].country)));
  });

  router.post('/checkout', (request, response) => {
    const visit = visitOf(request, response);
    const { cart, choice } = visit;
    // The button was pressed twice: the first time has made the order, and emptied the cart.
    const known = orders.findByCheckout(String(request.body?.checkout_token));
    if (known) return response.redirect(303, `/thank-you/${known.token}`);
    if (!cart?.lines.length) return response.redirect(303, '/cart');
    const form = readCheckoutForm(request.body);
    if (Object.keys(form.faults).length > 0) return show(response, visit, checkoutPage(visit, cart, form), 422);
    const { email, phone, first_name, last_name, ...address } = form.values;
    const order = placeOrder({
      lines: cart.lines.map(({ product, quantity }) => ({ slug: product.slug, quantity })),
      customer: { email, first_name, last_name, ...(phone && { phone }) },
      address,
      delivery: form.delivery,
      payment: form.payment,
      cart_token: cart.token,
      checkout_token: cart.checkout_token,
      ...(form.session_ref && { session_ref: form.session_ref }),
      ...(choice && { consent: choice }),
    });
    carts.remove(cart.id);
    remember(response, 'shop_cart', '', { httpOnly: true, maxAge: 0 });
    response.redirect(303, `/thank-you/${order.token}`);
  });

  router.get('/thank-you/:token', (request, response, next) => {
    const order = orders.findByToken(request.params.token);
    if (!order) return next();
    const visit = visitOf(request, response);
    show(response, visit, thankYouPage(visit, order));
  });

  router.post('/consent', (request, response) => {
    const choice = readChoice(request.body?.choice);
    if (choice) remember(response, 'shop_consent', choice, { maxAge: CHOICE_S });
    response.redirect(303, ownPath(request.body?.back));
  });

  router.use((request, response) => {
    const visit = visitOf(request, response);
    show(response, visit, notFoundPage(visit), 404);
  });

  return router;
}

/** A path of this shop: `//elsewhere` and the like would lead away from it. */
function ownPath(value: unknown): string {
  return typeof value === 'string' && /^\/(?![/\\])[\w\-./]*$/.test(value) ? value : '/';
}
