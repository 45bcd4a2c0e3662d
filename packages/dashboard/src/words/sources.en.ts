/** Every text of the Sources page; it is loaded with the page, in one language. */
export const words = {
  title: 'Sources',
  intro: 'Where orders come from, how each connection does, and what to do when nothing arrives.',
  empty:
    'No source is connected. Add one to the site’s sources in the collector’s configuration, or signing_secrets for your own servers.',
  back: 'All sources',
  missing: 'This source is not connected for this site.',
  col_source: 'Source',
  col_health: 'Health',
  col_last: 'Last delivery',
  col_day: 'Last 24 hours',
  site: 'site {site}',
  account: 'account {account}',
  own_server: 'Your own server',
  never: 'never',
  nothing_today: 'nothing',

  health: {
    fresh: 'Fresh',
    quiet: 'Quiet',
    refusing: 'Refusing',
    never: 'Never heard from',
    polled: 'Asked by its API',
  },
  health_hint: {
    fresh: 'The last delivery came within a day, and was taken.',
    quiet: 'Nothing has come for more than a day.',
    refusing: 'The last delivery was refused. Below it says why.',
    never: 'Nothing has ever arrived here.',
    polled: 'No delivery has come; the platform’s API is asked for orders.',
  },
  verdicts: { accepted: 'taken', duplicate: 'known already', ignored: 'ignored', rejected: 'refused' },
  poll_at: 'Its API was last asked {ago}.',
  poll_never: 'Its API has not been asked yet.',
  poll_error: 'Its API can’t be asked at the moment: {error}',

  connect_title: 'Connect it',
  address: 'Address for the platform',
  address_own: 'Address for your server',
  copy: 'Copy',
  copied: 'Copied',
  copy_failed: 'Copy the marked text.',
  local: 'This address is only reachable from this machine. Set public_url in the configuration, so that platforms find it.',
  secret_title: 'Which secret goes where',
  secrets_none: 'No secret is configured: every delivery will be refused.',
  secrets_one: '1 secret is configured.',
  secrets_count: '{count} secrets are configured; any of them may sign.',
  subscribe_title: 'What to send here',

  test_title: 'Test delivery',
  waiting: 'Waiting for a test delivery …',
  arrived: 'A delivery has arrived.',
  again: 'Wait for another',
  fact_verdict: 'Verdict',
  fact_topic: 'Topic',
  fact_order: 'Order',
  fact_state: 'State',
  fact_total: 'Total',
  fact_test: 'Test order',
  fact_session: 'Session reference',
  taken: 'It was taken, and is on disk.',
  known: 'The same delivery had come before; nothing was changed.',
  is_test: 'Yes: it is stored, and no ad platform is told.',
  is_real: 'No, a real one.',
  no_state: 'Facts about an order, not the whole of it.',
  has_session: 'Came with it: the order finds its visit.',
  no_session: 'Did not come with it.',
  more_orders: 'and {count} more',
  counted: '{count} times since {time}',
  unsigned: 'Nobody signed it, so anybody may have sent it; such deliveries are counted together, and nothing of them is kept.',

  last_title: 'Last deliveries',
  last_empty: 'Nothing has arrived yet.',
  col_time: 'Time',
  col_topic: 'Topic',
  col_order: 'Order',
  col_verdict: 'Verdict',
  col_reason: 'Reason',
  at_field: 'Field:',

  nothing_title: 'When nothing arrives',
  nothing_everywhere: [
    'Can the address be reached from the internet, by https, with a valid certificate, without a redirect and without a login in front?',
    'Look at the platform’s own list of deliveries. 404: source or site is misspelt in the address. 429 and 503: the collector could not take it just then, and says so at /readyz.',
  ],

  ignored: {
    unsupported_topic: 'This topic says nothing that is needed here. You can drop its subscription.',
    no_money_moved: 'A refund that moved no money: goods came back, or a fee was waived.',
    no_payment: 'It says nothing of a payment.',
    unknown_dispute_status: 'A dispute in a state that means nothing here.',
  },
  ignored_other: 'There was nothing for us in it.',

  reasons: {
    bad_signature: 'The signature does not match. Compare the secret at the platform with the one in the configuration.',
    signature_missing: 'It was not signed. Give the platform a secret, and check that nothing in between drops headers.',
    stale_timestamp: 'The signed time is more than five minutes from ours. Set both clocks, and sign each attempt afresh.',
    secret_key_in_browser: 'A secret key was sent from a browser. Replace the key, and send from a server.',
    unsupported_media_type: 'The body is not JSON. Choose JSON as the format at the platform.',
    unsupported_encoding: 'The body is packed in a way that is not read here. Send it plain, or with gzip.',
    body_too_large: 'The body is too large.',
    malformed_request: 'The connection broke before all of it had come.',
    malformed_gzip: 'The body says that it is gzip, and is not.',
    malformed_json: 'The body is not well-formed JSON.',
    unusable_delivery: 'It was signed, but could not be read as an order.',
    invalid_order: 'A field of the order is missing or wrong.',
    unknown_currency: 'The currency is no ISO 4217 code.',
    invalid_amount: 'An amount is not exact. Send decimal texts such as "113.05", with no more decimals than the currency has.',
    delivery_id_reused: 'The delivery’s id was used before for something else. Give each delivery an id of its own.',
    bad_idempotency_key: 'The Idempotency-Key can’t be used.',
    idempotency_key_reused: 'The Idempotency-Key was used before for another call.',
    call_running: 'The same call was still being answered. It is tried again.',
    rate_limited: 'Too many requests at once. Send again after the time that Retry-After says.',
    certificate_unavailable: 'The certificate that the platform signs with could not be fetched. It will send again.',
    storage_unavailable: 'The store could not be written to. The platform will send again; look at /readyz.',
    disk_full: 'The collector’s disk is full. Make room; the platform will send again.',
    internal_error: 'Something went wrong on our side; the collector’s log says what.',
  },
  reason_other: 'It was refused.',

  guides: {
    shopify: {
      secret:
        'Put the app’s client secret into the connection’s secrets. For webhooks made under Settings → Notifications it is the signing secret shown there. While a secret is being replaced, list both: the old one signs for up to an hour.',
      subscribe:
        'As JSON: orders/create, orders/paid, orders/updated, orders/cancelled, orders/fulfilled, refunds/create, disputes/create and disputes/update.',
      test: 'Choose “Send test notification” under Settings → Notifications → Webhooks, or place an order with a test payment.',
      session:
        'Write the reference into the cart as the attribute _sref when something is added, and before the checkout. Test notifications never carry one.',
      nothing: [
        'Shopify wants an answer within 5 seconds, and takes a redirect for a failure.',
        'It tries 8 times in 4 hours. After 8 failures in a row a subscription made by the Admin API is removed: make it anew.',
        'With include_fields, updated_at must be among them; else changes look like nothing new.',
      ],
    },
    woocommerce: {
      secret:
        'Under WooCommerce → Settings → Advanced → Webhooks, put the same secret into the webhook’s Secret field and into the connection’s secrets. It must not be empty.',
      subscribe: 'Webhooks for Order created, Order updated, Order deleted and Order restored. A refund comes as Order updated.',
      test: 'Saving a webhook sends only an unsigned ping. Place an order, or change one.',
      session: 'A small plugin has to write the reference into the order’s meta field _sref, from a field of the checkout.',
      nothing: [
        'WooCommerce does not try again. After more than 5 failures in a row it sets the webhook to Disabled: set it back to Active.',
        'Deliveries are queued and come seconds to minutes late. Look at WooCommerce → Status → Scheduled Actions, and whether WordPress’s cron runs.',
        'What was lost meanwhile comes by the REST API alone, when the connection has its keys.',
      ],
    },
    stripe: {
      secret:
        'Put the endpoint’s signing secret into the connection’s secrets, the whole text with whsec_. Each endpoint has one of its own, and so have test and live mode.',
      subscribe: 'checkout.session.*, payment_intent.*, charge.captured, charge.refunded, refund.* and charge.dispute.*',
      test: 'Pay in test mode: such orders are marked as tests.',
      session:
        'Set client_reference_id or metadata.session_ref of the Checkout Session, and the same in payment_intent_data.metadata: it is not copied.',
      nothing: [
        'Is it the endpoint of the mode that was paid in, test or live?',
        'Stripe takes a redirect for a failure. In live mode it tries for 3 days, in test mode for some hours.',
      ],
    },
    paypal: {
      secret:
        'PayPal signs with a certificate, so there is no secret. Put the webhook’s ID from the app’s page into the connection’s settings: it is part of what is signed.',
      subscribe: 'CHECKOUT.ORDER.*, PAYMENT.AUTHORIZATION.*, PAYMENT.CAPTURE.* and CUSTOMER.DISPUTE.*',
      test: 'Buy something with a sandbox account. Events of the webhook simulator can’t be verified.',
      session: 'Set custom_id of the purchase unit to the reference. It comes back with the capture and its refunds.',
      nothing: [
        'Sandbox and live have webhooks of their own, each with its own ID.',
        'Events of PayPal’s simulator fail the check of the signature: only real sandbox purchases prove anything.',
        'PayPal tries up to 25 times in 3 days.',
      ],
    },
    bigcommerce: {
      secret: 'Put the client secret of the API account or app whose token made the hooks into the connection’s secrets.',
      subscribe:
        'store/order/created, store/order/updated, store/order/statusUpdated, store/order/refund/created and store/cart/converted.',
      test: 'Place an order, or change the status of one. A new hook takes up to a minute.',
      session: 'BigCommerce orders carry none. They find their visit by the cart: let the SDK see its id as cart_token.',
      nothing: [
        'BigCommerce tries for 48 hours, then deactivates the hook and sends a mail. A hook that had nothing to send for 90 days is deactivated too. Activate it again.',
        'Only port 443 is called. When fewer than 9 of 10 deliveries are taken, the whole domain is left alone for 3 minutes.',
        'A hook carries an id alone, and the order is fetched: the connection’s token must be allowed to read orders.',
        'Hooks are shown only to the token that made them.',
      ],
    },
    magento: {
      secret:
        'Magento Open Source has no webhooks. The collector asks its REST API with the integration’s four credentials, which go into the connection’s settings; a module that sends orders here signs them with one of its secrets.',
      subscribe: 'Nothing has to be subscribed: orders are asked for by the time at which they changed.',
      test: 'Place an order, or change one. It is seen when the API is asked next, every 15 minutes unless configured otherwise.',
      session: 'Nothing is built in. Orders find their visit by quote_id, or by _sref when a module stores it with the quote.',
      nothing: [
        'Use all four credentials of the integration (OAuth 1.0a): the access token alone is refused unless Magento was told to take it.',
        'Above it says when the API was last asked, and what it answered.',
      ],
    },
    generic: {
      secret:
        'Your server sends a secret key (sk_…) as Authorization: Bearer, and signs the body with one of the site’s signing_secrets (whsec_…). @orderloop/client does both.',
      subscribe: 'Each order when it is made, and again whenever it changes, with a newer updated_at.',
      test: 'Send an order with "test": true.',
      session: 'Put the hidden field session_ref of <orderloop-checkout> onto the order.',
      nothing: [
        'A request without a known key is not shown here, since nobody can say whose it is: your server was answered 401 key_missing or key_unknown.',
        'The signed time may be five minutes off at most: sign each attempt afresh.',
        'After 429, 503 or no answer, send the same again with the same webhook-id.',
      ],
    },
  },
  other_guide: {
    secret: 'Put what this source signs with into the connection’s secrets.',
    subscribe: 'Everything that it tells of orders.',
    test: 'Place an order, or change one.',
    session: 'Let the checkout write the session reference onto the order.',
    nothing: [] as string[],
  },
};

export type SourceWords = typeof words;
