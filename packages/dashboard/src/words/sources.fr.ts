import type { SourceWords } from './sources.en.ts';

export const words: SourceWords = {
  title: 'Sources',
  intro: 'D’où viennent les commandes, comment va chaque connexion, et que faire quand rien n’arrive.',
  empty:
    'Aucune source n’est connectée. Ajoutez-en une aux sources du site dans la configuration du collecteur, ou des signing_secrets pour vos propres serveurs.',
  back: 'Toutes les sources',
  missing: 'Cette source n’est pas connectée pour ce site.',
  col_source: 'Source',
  col_health: 'Santé',
  col_last: 'Dernière livraison',
  col_day: 'Dernières 24 heures',
  site: 'site {site}',
  account: 'compte {account}',
  own_server: 'Votre propre serveur',
  never: 'jamais',
  nothing_today: 'rien',

  health: {
    fresh: 'À jour',
    quiet: 'Silencieuse',
    refusing: 'Refuse',
    never: 'Rien reçu à ce jour',
    polled: 'Interrogée par API',
  },
  health_hint: {
    fresh: 'La dernière livraison date de moins d’un jour et a été acceptée.',
    quiet: 'Rien n’est arrivé depuis plus d’un jour.',
    refusing: 'La dernière livraison a été refusée. La raison est indiquée plus bas.',
    never: 'Rien n’est encore jamais arrivé ici.',
    polled: 'Aucune livraison n’est arrivée ; les commandes sont demandées à l’API de la plateforme.',
  },
  verdicts: { accepted: 'acceptée', duplicate: 'déjà connue', ignored: 'ignorée', rejected: 'refusée' },
  poll_at: 'Son API a été interrogée pour la dernière fois {ago}.',
  poll_never: 'Son API n’a pas encore été interrogée.',
  poll_error: 'Son API ne peut pas être interrogée pour le moment : {error}',

  connect_title: 'La connecter',
  address: 'Adresse pour la plateforme',
  address_own: 'Adresse pour votre serveur',
  copy: 'Copier',
  copied: 'Copié',
  copy_failed: 'Copiez le texte sélectionné.',
  local:
    'Cette adresse n’est accessible que depuis cette machine. Indiquez public_url dans la configuration pour que les plateformes la trouvent.',
  secret_title: 'Quel secret va où',
  secrets_none: 'Aucun secret n’est configuré : chaque livraison sera refusée.',
  secrets_one: '1 secret est configuré.',
  secrets_count: '{count} secrets sont configurés ; chacun d’eux peut signer.',
  subscribe_title: 'Ce qu’il faut envoyer ici',

  test_title: 'Livraison d’essai',
  waiting: 'En attente d’une livraison d’essai…',
  arrived: 'Une livraison est arrivée.',
  again: 'En attendre une autre',
  fact_verdict: 'Verdict',
  fact_topic: 'Sujet',
  fact_order: 'Commande',
  fact_state: 'État',
  fact_total: 'Total',
  fact_test: 'Commande d’essai',
  fact_session: 'Référence de session',
  taken: 'Elle a été acceptée et se trouve sur le disque.',
  known: 'La même livraison était déjà arrivée ; rien n’a changé.',
  is_test: 'Oui : elle est conservée, et aucune plateforme publicitaire n’en est informée.',
  is_real: 'Non, une vraie.',
  no_state: 'Des faits sur une commande, pas la commande entière.',
  has_session: 'Elle est arrivée avec la commande, qui trouvera sa visite.',
  no_session: 'Elle n’est pas arrivée avec la commande.',
  more_orders: 'et {count} de plus',
  counted: '{count} fois depuis {time}',
  unsigned:
    'Personne ne l’a signée, n’importe qui a donc pu l’envoyer ; de telles livraisons sont comptées ensemble, et rien n’en est conservé.',

  last_title: 'Dernières livraisons',
  last_empty: 'Rien n’est encore arrivé.',
  col_time: 'Heure',
  col_topic: 'Sujet',
  col_order: 'Commande',
  col_verdict: 'Verdict',
  col_reason: 'Raison',
  at_field: 'Champ :',

  nothing_title: 'Quand rien n’arrive',
  nothing_everywhere: [
    'L’adresse est-elle accessible depuis internet, en https, avec un certificat valide, sans redirection et sans connexion à franchir ?',
    'Regardez la liste des livraisons de la plateforme elle-même. 404 : la source ou le site est mal écrit dans l’adresse. 429 et 503 : le collecteur ne pouvait pas l’accepter à ce moment, et le dit sous /readyz.',
  ],

  ignored: {
    unsupported_topic: 'Ce sujet ne dit rien d’utile ici. Vous pouvez retirer son abonnement.',
    no_money_moved: 'Un remboursement sans mouvement d’argent : un retour de marchandise ou des frais remis.',
    no_payment: 'Elle ne dit rien d’un paiement.',
    unknown_dispute_status: 'Un litige dans un état qui ne signifie rien ici.',
  },
  ignored_other: 'Il n’y avait rien pour nous.',

  reasons: {
    bad_signature: 'La signature ne correspond pas. Comparez le secret de la plateforme avec celui de la configuration.',
    signature_missing:
      'Elle n’était pas signée. Donnez un secret à la plateforme et vérifiez qu’aucun intermédiaire ne retire d’en-têtes.',
    stale_timestamp:
      'L’heure signée s’écarte de la nôtre de plus de cinq minutes. Réglez les deux horloges et signez chaque essai à nouveau.',
    secret_key_in_browser: 'Une clé secrète a été envoyée depuis un navigateur. Remplacez-la et envoyez depuis un serveur.',
    unsupported_media_type: 'Le corps n’est pas du JSON. Choisissez JSON comme format sur la plateforme.',
    unsupported_encoding: 'Le corps est compressé d’une façon qui n’est pas lue ici. Envoyez-le tel quel ou en gzip.',
    body_too_large: 'Le corps est trop grand.',
    malformed_request: 'La connexion s’est rompue avant que tout soit arrivé.',
    malformed_gzip: 'Le corps se dit gzip et ne l’est pas.',
    malformed_json: 'Le corps n’est pas du JSON bien formé.',
    unusable_delivery: 'Elle était signée, mais n’a pas pu être lue comme une commande.',
    invalid_order: 'Un champ de la commande manque ou est faux.',
    unknown_currency: 'La devise n’est pas un code ISO 4217.',
    invalid_amount:
      'Un montant n’est pas exact. Envoyez des textes décimaux comme "113.05", sans plus de décimales que la devise n’en a.',
    delivery_id_reused: 'L’identifiant de la livraison a déjà servi pour autre chose. Donnez à chaque livraison le sien.',
    bad_idempotency_key: 'L’Idempotency-Key est inutilisable.',
    idempotency_key_reused: 'L’Idempotency-Key a déjà servi pour un autre appel.',
    call_running: 'Le même appel était encore en cours de réponse. Il est répété.',
    rate_limited: 'Trop de requêtes à la fois. Renvoyez après le délai indiqué par Retry-After.',
    certificate_unavailable: 'Le certificat avec lequel la plateforme signe n’a pas pu être obtenu. Elle renverra.',
    storage_unavailable: 'Le stockage n’a pas pu être écrit. La plateforme renverra ; regardez /readyz.',
    disk_full: 'Le disque du collecteur est plein. Libérez de la place ; la plateforme renverra.',
    internal_error: 'Une erreur s’est produite de notre côté ; le journal du collecteur dit laquelle.',
  },
  reason_other: 'Elle a été refusée.',

  guides: {
    shopify: {
      secret:
        'Mettez le secret client de l’application dans les secrets de la connexion. Pour les webhooks créés sous Paramètres → Notifications, c’est le secret de signature qui y est affiché. Pendant un remplacement, mettez les deux : l’ancien signe encore jusqu’à une heure.',
      subscribe:
        'En JSON : orders/create, orders/paid, orders/updated, orders/cancelled, orders/fulfilled, refunds/create, disputes/create et disputes/update.',
      test: 'Choisissez « Envoyer une notification de test » sous Paramètres → Notifications → Webhooks, ou passez une commande avec un paiement d’essai.',
      session:
        'Écrivez la référence dans le panier comme attribut _sref quand un article y est ajouté, et avant le paiement. Les notifications de test n’en portent jamais.',
      nothing: [
        'Shopify veut une réponse en 5 secondes et tient une redirection pour un échec.',
        'Il essaie 8 fois en 4 heures. Après 8 échecs de suite, un abonnement créé par l’API Admin est supprimé : créez-le à nouveau.',
        'Avec include_fields, updated_at doit en faire partie ; sinon les changements ne paraissent rien apporter.',
      ],
    },
    woocommerce: {
      secret:
        'Sous WooCommerce → Réglages → Avancé → Webhooks, mettez le même secret dans le champ Secret du webhook et dans les secrets de la connexion. Il ne doit pas être vide.',
      subscribe:
        'Des webhooks pour commande créée, mise à jour, supprimée et restaurée. Un remboursement arrive comme une mise à jour.',
      test: 'L’enregistrement d’un webhook n’envoie qu’un ping non signé. Passez une commande, ou modifiez-en une.',
      session:
        'Une petite extension doit écrire la référence dans la métadonnée _sref de la commande, depuis un champ du paiement.',
      nothing: [
        'WooCommerce ne réessaie pas. Après plus de 5 échecs de suite, il met le webhook sur « Désactivé » : remettez-le sur « Actif ».',
        'Les livraisons passent par une file et arrivent avec des secondes ou des minutes de retard. Regardez WooCommerce → État → Actions planifiées, et si le cron de WordPress tourne.',
        'Ce qui s’est perdu entre-temps n’arrive que par l’API REST, si la connexion en a les clés.',
      ],
    },
    stripe: {
      secret:
        'Mettez le secret de signature du point de terminaison dans les secrets de la connexion, le texte entier avec whsec_. Chaque point de terminaison a le sien, les modes test et réel aussi.',
      subscribe: 'checkout.session.*, payment_intent.*, charge.captured, charge.refunded, refund.* et charge.dispute.*',
      test: 'Payez en mode test : ces commandes sont marquées comme essais.',
      session:
        'Indiquez client_reference_id ou metadata.session_ref sur la session Checkout, et la même chose dans payment_intent_data.metadata : rien n’est copié.',
      nothing: [
        'Est-ce le point de terminaison du mode dans lequel on a payé, test ou réel ?',
        'Stripe tient une redirection pour un échec. En mode réel il essaie pendant 3 jours, en mode test quelques heures.',
      ],
    },
    paypal: {
      secret:
        'PayPal signe avec un certificat, il n’y a donc pas de secret. Mettez l’ID du webhook, de la page de l’application, dans les settings de la connexion : il fait partie de ce qui est signé.',
      subscribe: 'CHECKOUT.ORDER.*, PAYMENT.AUTHORIZATION.*, PAYMENT.CAPTURE.* et CUSTOMER.DISPUTE.*',
      test: 'Achetez quelque chose avec un compte sandbox. Les événements du simulateur de webhooks ne peuvent pas être vérifiés.',
      session: 'Mettez la référence dans custom_id de l’unité d’achat. Elle revient avec le paiement et ses remboursements.',
      nothing: [
        'Sandbox et réel ont chacun leurs webhooks, avec leur propre ID.',
        'Les événements du simulateur de PayPal échouent au contrôle de la signature : seuls de vrais achats en sandbox prouvent quelque chose.',
        'PayPal essaie jusqu’à 25 fois en 3 jours.',
      ],
    },
    bigcommerce: {
      secret:
        'Mettez dans les secrets de la connexion le secret client du compte d’API ou de l’application dont le jeton a créé les hooks.',
      subscribe:
        'store/order/created, store/order/updated, store/order/statusUpdated, store/order/refund/created et store/cart/converted.',
      test: 'Passez une commande, ou changez l’état d’une autre. Un nouveau hook met jusqu’à une minute.',
      session:
        'Les commandes BigCommerce n’en portent pas. Elles trouvent leur visite par le panier : montrez son identifiant au SDK comme cart_token.',
      nothing: [
        'BigCommerce essaie pendant 48 heures, puis désactive le hook et envoie un courriel. Un hook qui n’a rien eu à envoyer pendant 90 jours est désactivé aussi. Réactivez-le.',
        'Seul le port 443 est appelé. Si moins de 9 livraisons sur 10 sont acceptées, tout le domaine est laissé de côté 3 minutes.',
        'Un hook ne porte qu’un identifiant, et la commande est demandée : le jeton de la connexion doit pouvoir lire les commandes.',
        'Les hooks ne sont visibles que du jeton qui les a créés.',
      ],
    },
    magento: {
      secret:
        'Magento Open Source n’a pas de webhooks. Le collecteur interroge son API REST avec les quatre identifiants de l’intégration, qui vont dans les settings de la connexion ; un module qui envoie des commandes ici les signe avec l’un de ses secrets.',
      subscribe: 'Rien à abonner : les commandes sont demandées d’après l’heure de leur changement.',
      test: 'Passez une commande, ou modifiez-en une. Elle est vue à la prochaine interrogation, toutes les 15 minutes sauf autre réglage.',
      session:
        'Rien n’est intégré. Les commandes trouvent leur visite par quote_id, ou par _sref si un module l’enregistre avec le quote.',
      nothing: [
        'Utilisez les quatre identifiants de l’intégration (OAuth 1.0a) : le jeton d’accès seul est refusé, sauf si Magento l’autorise expressément.',
        'En haut, il est dit quand l’API a été interrogée et ce qu’elle a répondu.',
      ],
    },
    generic: {
      secret:
        'Votre serveur envoie une clé secrète (sk_…) comme Authorization: Bearer et signe le corps avec l’un des signing_secrets du site (whsec_…). @orderloop/client fait les deux.',
      subscribe: 'Chaque commande quand elle est passée, puis à chaque changement, avec un updated_at plus récent.',
      test: 'Envoyez une commande avec "test": true.',
      session: 'Reportez sur la commande le champ caché session_ref de <orderloop-checkout>.',
      nothing: [
        'Une requête sans clé connue n’apparaît pas ici, car personne ne peut dire de qui elle vient : votre serveur a reçu 401 key_missing ou key_unknown.',
        'L’heure signée peut s’écarter de cinq minutes au plus : signez chaque essai à nouveau.',
        'Après 429, 503 ou sans réponse, renvoyez la même chose avec le même webhook-id.',
      ],
    },
  },
  other_guide: {
    secret: 'Mettez dans les secrets de la connexion ce avec quoi cette source signe.',
    subscribe: 'Tout ce qu’elle dit des commandes.',
    test: 'Passez une commande, ou modifiez-en une.',
    session: 'Faites écrire la référence de session sur la commande par la page de paiement.',
    nothing: [],
  },
};
