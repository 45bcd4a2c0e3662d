import type { Slug } from '../catalogue.ts';
import type { Fault, Field, Payment } from '../checkout-form.ts';
import type { Delivery } from '../totals.ts';

export interface ProductWords {
  kind: string;
  text: string;
  facts: readonly string[];
}

export interface Words {
  tagline: string;
  skip: string;
  menu: string;
  language: string;
  lamps: string;
  house: string;
  cart: string;
  /** After the cart, for who can't see the badge. */
  inCart: string;
  hero: { title: string; text: string; action: string };
  offer: { title: string; text: string; action: string };
  promises: readonly (readonly [string, string])[];
  lampsIntro: string;
  houseIntro: string;
  vatIncluded: string;
  quantity: string;
  addToCart: string;
  facts: string;
  goesWith: string;
  back: string;
  added: string;
  cartEmpty: string;
  keepLooking: string;
  update: string;
  remove: string;
  of: string;
  subtotal: string;
  shipping: string;
  free: string;
  total: string;
  vat: string;
  untilFree: string;
  freeNow: string;
  toCheckout: string;
  checkout: string;
  contact: string;
  address: string;
  deliveryTitle: string;
  paymentTitle: string;
  optional: string;
  fields: Record<Field, string>;
  phoneHint: string;
  deliveries: Record<Delivery, readonly [string, string]>;
  payments: Record<Payment, readonly [string, string]>;
  placeOrder: string;
  summary: string;
  faultsTitle: string;
  faults: Record<Fault, string>;
  thanks: { title: string; text: string; number: string; next: string; steps: readonly string[]; invoice: string; paid: string };
  notFound: { title: string; text: string; action: string };
  consent: { title: string; text: string; all: string; necessary: string; change: string; saved: string };
  footer: { about: string; demo: string };
  products: Record<Slug, ProductWords>;
}

export const en: Words = {
  tagline: 'Lamps and quiet things for the house',
  skip: 'Skip to content',
  menu: 'Shop',
  language: 'Language',
  lamps: 'Lamps',
  house: 'House',
  cart: 'Cart',
  inCart: '{n} in it',
  hero: {
    title: 'Evenings are made of light',
    text: 'Lamps from a small workshop by the harbour, and a few quiet things to go with them. All of it can be mended.',
    action: 'See the lamps',
  },
  offer: {
    title: 'The Buoy night light travels free',
    text: 'With any order of €100 or more, delivery is on us.',
    action: 'Meet Buoy',
  },
  promises: [
    ['Made to be mended', 'Every part has a number, and we keep it for fifteen years.'],
    ['Thirty days', 'Live with it for a month. Send it back if it doesn’t belong.'],
    ['One box', 'Paper and cardboard only, and as little of it as possible.'],
  ],
  lampsIntro: 'Warm, dimmable, without glare.',
  houseIntro: 'What stands and lies in their light.',
  vatIncluded: 'VAT included',
  quantity: 'Quantity',
  addToCart: 'Add to cart',
  facts: 'What it is',
  goesWith: 'Goes well with',
  back: 'All products',
  added: '{name} is in your cart.',
  cartEmpty: 'Your cart is empty.',
  keepLooking: 'Keep looking',
  update: 'Update',
  remove: 'Remove',
  of: 'of {name}',
  subtotal: 'Goods',
  shipping: 'Delivery',
  free: 'free',
  total: 'Total',
  vat: 'of which VAT',
  untilFree: '{amount} more, and standard delivery is free.',
  freeNow: 'Standard delivery is free for this order.',
  toCheckout: 'To checkout',
  checkout: 'Checkout',
  contact: 'How we reach you',
  address: 'Where it goes',
  deliveryTitle: 'Delivery',
  paymentTitle: 'Payment',
  optional: 'optional',
  fields: {
    email: 'E-mail',
    phone: 'Phone',
    first_name: 'First name',
    last_name: 'Last name',
    street: 'Street and number',
    postal_code: 'Postal code',
    city: 'Town',
    country: 'Country',
  },
  phoneHint: 'With the country code, for the courier only.',
  deliveries: {
    standard: ['Standard', '3 to 5 days'],
    express: ['Express', 'tomorrow or the day after'],
  },
  payments: {
    card: ['Card (test)', 'Nothing is charged, and we ask for no number.'],
    invoice: ['Invoice', 'Pay within fourteen days of delivery.'],
  },
  placeOrder: 'Order and pay',
  summary: 'Your order',
  faultsTitle: 'Please look at these fields again',
  faults: {
    missing: '“{field}” is still empty.',
    too_long: '“{field}” is too long.',
    not_email: 'This doesn’t look like an e-mail address. Example: name@example.com',
    not_phone: 'This doesn’t look like a phone number. Example: +44 20 7946 0958',
    not_country: 'We don’t deliver there yet. Please pick a country from the list.',
  },
  thanks: {
    title: 'Thank you. It’s as good as on its way.',
    text: 'We have written to {email}.',
    number: 'Order number',
    next: 'What happens now',
    steps: [
      'We test your lamp for an hour. That is our habit with everything that glows.',
      'It is packed tomorrow morning.',
      'You get the tracking number by e-mail.',
    ],
    invoice: 'The invoice comes with the parcel.',
    paid: 'Paid by test card',
  },
  notFound: {
    title: 'Nobody home here',
    text: 'This page has moved out, or it never lived here.',
    action: 'To the front door',
  },
  consent: {
    title: 'A word about cookies',
    text: 'The cart needs one. With your consent we also measure which advertisements bring people here, and tell the platforms they ran on about an order. Both choices are fine.',
    all: 'Accept all',
    necessary: 'Only necessary',
    change: 'Cookie choice',
    saved: 'Your choice is saved.',
  },
  footer: {
    about: 'Mooring is an invented shop that shows Orderloop at work.',
    demo: 'Nothing is sold, nothing is charged, nothing is shipped.',
  },
  products: {
    bollard: {
      kind: 'Table lamp',
      text: 'A dome of opal glass on a foot of enamelled steel. It stands where you put it, and glows like a window seen from the water.',
      facts: ['38 cm high, 1.9 kg', 'Opal glass, enamelled steel', 'Dimmer in the cord, E27 lamp included'],
    },
    skerry: {
      kind: 'Floor lamp',
      text: 'Three legs of ash, a shade of linen. Goes together in a minute without tools, and folds flat when you move.',
      facts: ['156 cm high, 4.2 kg', 'Oiled ash, linen', 'Foot switch, E27 lamp included'],
    },
    harbour: {
      kind: 'Pendant',
      text: 'The old harbour lantern, made for above the table: spun steel, dark outside, white inside, so that the light stays on the plates.',
      facts: ['34 cm across', 'Spun steel, enamelled by hand', '2.5 m of textile cord'],
    },
    tern: {
      kind: 'Reading lamp',
      text: 'One arm, one joint, one touch. The head bends to the page like a bird over shallow water.',
      facts: ['Reaches 62 cm', 'Powder-coated aluminium', 'Built-in LED, 2,700 K, can be replaced'],
    },
    buoy: {
      kind: 'Night light',
      text: 'Dims itself over twenty minutes until you sleep. Charges on its stand, and can be carried to the kitchen at three.',
      facts: ['19 cm high', 'Silicone and beech', '30 hours on one charge'],
    },
    fathom: {
      kind: 'Candle holders, set of three',
      text: 'Three depths of the same cast brass. Together they make a small skyline on the window sill.',
      facts: ['6, 10 and 14 cm high', 'Recycled brass', 'For candles of 22 mm'],
    },
    dune: {
      kind: 'Wool blanket',
      text: 'Woven from new wool in a mill that has done nothing else since 1921. Heavy enough to mean it.',
      facts: ['130 × 190 cm, 1.3 kg', 'New wool', 'Airing is washing'],
    },
    pebble: {
      kind: 'Vase',
      text: 'Thrown by hand, so no two are alike, and just wide enough for what you picked on the way home.',
      facts: ['17 cm high', 'Stoneware, matt glaze', 'Watertight'],
    },
    salt: {
      kind: 'Cups, set of four',
      text: 'Without handles, for hands that want to be warm. They stack, and forgive the dishwasher.',
      facts: ['0.2 l each', 'Stoneware', 'Dishwasher and oven'],
    },
    kelp: {
      kind: 'Cushion',
      text: 'Washed linen in the green of a calm bay, filled with wool that finds back to its shape by itself.',
      facts: ['50 × 50 cm', 'Linen, filled with wool', 'Cover comes off, 40 °C'],
    },
    raft: {
      kind: 'Tray',
      text: 'One board of oak with a rim, for breakfast in bed or for keys, coins and a shell.',
      facts: ['42 × 28 cm', 'Oiled oak', 'Two grips'],
    },
    ebb: {
      kind: 'Wall clock',
      text: 'No numerals and no ticking. The hand glides, and the time comes and goes like water.',
      facts: ['30 cm across', 'Ash, quartz movement', 'Silent'],
    },
  },
};
