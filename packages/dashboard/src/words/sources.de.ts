import type { SourceWords } from './sources.en.ts';

export const words: SourceWords = {
  title: 'Quellen',
  intro: 'Woher Bestellungen kommen, wie es jeder Verbindung geht und was zu tun ist, wenn nichts ankommt.',
  empty:
    'Keine Quelle ist verbunden. Tragen Sie eine unter sources der Site in die Konfiguration des Collectors ein, oder signing_secrets für Ihre eigenen Server.',
  back: 'Alle Quellen',
  missing: 'Diese Quelle ist für diese Site nicht verbunden.',
  col_source: 'Quelle',
  col_health: 'Zustand',
  col_last: 'Letzte Zustellung',
  col_day: 'Letzte 24 Stunden',
  site: 'Site {site}',
  account: 'Konto {account}',
  own_server: 'Ihr eigener Server',
  never: 'nie',
  nothing_today: 'nichts',

  health: {
    fresh: 'Frisch',
    quiet: 'Still',
    refusing: 'Lehnt ab',
    never: 'Noch nie gehört',
    polled: 'Per API abgefragt',
  },
  health_hint: {
    fresh: 'Die letzte Zustellung kam innerhalb eines Tages und wurde angenommen.',
    quiet: 'Seit mehr als einem Tag ist nichts gekommen.',
    refusing: 'Die letzte Zustellung wurde abgelehnt. Warum, steht unten.',
    never: 'Hier ist noch nie etwas angekommen.',
    polled: 'Es kam keine Zustellung; die Bestellungen werden über die API der Plattform abgefragt.',
  },
  verdicts: { accepted: 'angenommen', duplicate: 'schon bekannt', ignored: 'übergangen', rejected: 'abgelehnt' },
  poll_at: 'Die API wurde zuletzt {ago} abgefragt.',
  poll_never: 'Die API wurde noch nicht abgefragt.',
  poll_error: 'Die API kann gerade nicht abgefragt werden: {error}',

  connect_title: 'Verbinden',
  address: 'Adresse für die Plattform',
  address_own: 'Adresse für Ihren Server',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copy_failed: 'Kopieren Sie den markierten Text.',
  local:
    'Diese Adresse ist nur von diesem Rechner aus erreichbar. Setzen Sie public_url in der Konfiguration, damit Plattformen sie finden.',
  secret_title: 'Welches Geheimnis wohin gehört',
  secrets_none: 'Kein Geheimnis ist konfiguriert: Jede Zustellung wird abgelehnt.',
  secrets_one: '1 Geheimnis ist konfiguriert.',
  secrets_count: '{count} Geheimnisse sind konfiguriert; mit jedem davon darf signiert werden.',
  subscribe_title: 'Was hierher gesendet werden soll',

  test_title: 'Testzustellung',
  waiting: 'Warten auf eine Testzustellung …',
  arrived: 'Eine Zustellung ist angekommen.',
  again: 'Auf eine weitere warten',
  fact_verdict: 'Urteil',
  fact_topic: 'Thema',
  fact_order: 'Bestellung',
  fact_state: 'Status',
  fact_total: 'Summe',
  fact_test: 'Testbestellung',
  fact_session: 'Sitzungsreferenz',
  taken: 'Sie wurde angenommen und liegt auf der Platte.',
  known: 'Dieselbe Zustellung war schon gekommen; nichts wurde geändert.',
  is_test: 'Ja: Sie wird gespeichert und keiner Werbeplattform gemeldet.',
  is_real: 'Nein, eine echte.',
  no_state: 'Tatsachen zu einer Bestellung, nicht die ganze.',
  has_session: 'Kam mit: Die Bestellung findet ihren Besuch.',
  no_session: 'Kam nicht mit.',
  more_orders: 'und {count} weitere',
  counted: '{count}-mal seit {time}',
  unsigned:
    'Niemand hat sie signiert, also kann sie jeder gesendet haben; solche Zustellungen werden zusammengezählt, und nichts von ihnen wird aufbewahrt.',

  last_title: 'Letzte Zustellungen',
  last_empty: 'Noch ist nichts angekommen.',
  col_time: 'Zeit',
  col_topic: 'Thema',
  col_order: 'Bestellung',
  col_verdict: 'Urteil',
  col_reason: 'Grund',
  at_field: 'Feld:',

  nothing_title: 'Wenn nichts ankommt',
  nothing_everywhere: [
    'Ist die Adresse aus dem Internet erreichbar, per https, mit gültigem Zertifikat, ohne Weiterleitung und ohne Anmeldung davor?',
    'Sehen Sie in die Liste der Zustellungen bei der Plattform. 404: Quelle oder Site ist in der Adresse falsch geschrieben. 429 und 503: Der Collector konnte sie gerade nicht annehmen und sagt es unter /readyz.',
  ],

  ignored: {
    unsupported_topic: 'Dieses Thema sagt nichts, was hier gebraucht wird. Sie können sein Abonnement weglassen.',
    no_money_moved: 'Eine Erstattung, bei der kein Geld floss: Ware kam zurück, oder eine Gebühr wurde erlassen.',
    no_payment: 'Sie sagt nichts über eine Zahlung.',
    unknown_dispute_status: 'Ein Streitfall in einem Zustand, der hier nichts bedeutet.',
  },
  ignored_other: 'Es war nichts für uns darin.',

  reasons: {
    bad_signature: 'Die Signatur stimmt nicht. Vergleichen Sie das Geheimnis bei der Plattform mit dem in der Konfiguration.',
    signature_missing:
      'Sie war nicht signiert. Geben Sie der Plattform ein Geheimnis, und prüfen Sie, ob unterwegs Header verloren gehen.',
    stale_timestamp:
      'Die signierte Zeit liegt mehr als fünf Minuten neben unserer. Stellen Sie beide Uhren, und signieren Sie jeden Versuch neu.',
    secret_key_in_browser:
      'Ein geheimer Schlüssel wurde aus einem Browser gesendet. Ersetzen Sie ihn, und senden Sie von einem Server.',
    unsupported_media_type: 'Der Inhalt ist kein JSON. Wählen Sie bei der Plattform JSON als Format.',
    unsupported_encoding: 'Der Inhalt ist so gepackt, wie es hier nicht gelesen wird. Senden Sie ihn ungepackt oder mit gzip.',
    body_too_large: 'Der Inhalt ist zu groß.',
    malformed_request: 'Die Verbindung brach ab, bevor alles da war.',
    malformed_gzip: 'Der Inhalt gibt sich als gzip aus und ist keines.',
    malformed_json: 'Der Inhalt ist kein wohlgeformtes JSON.',
    unusable_delivery: 'Sie war signiert, ließ sich aber nicht als Bestellung lesen.',
    invalid_order: 'Ein Feld der Bestellung fehlt oder ist falsch.',
    unknown_currency: 'Die Währung ist kein Code nach ISO 4217.',
    invalid_amount:
      'Ein Betrag ist nicht exakt. Senden Sie Dezimaltexte wie "113.05", mit nicht mehr Nachkommastellen, als die Währung hat.',
    delivery_id_reused: 'Die ID der Zustellung wurde schon für etwas anderes benutzt. Geben Sie jeder Zustellung eine eigene ID.',
    bad_idempotency_key: 'Der Idempotency-Key ist nicht verwendbar.',
    idempotency_key_reused: 'Der Idempotency-Key wurde schon für einen anderen Aufruf benutzt.',
    call_running: 'Derselbe Aufruf wurde gerade noch beantwortet. Er wird wiederholt.',
    rate_limited: 'Zu viele Anfragen auf einmal. Senden Sie nach der Zeit, die Retry-After nennt, noch einmal.',
    certificate_unavailable:
      'Das Zertifikat, mit dem die Plattform signiert, war nicht zu bekommen. Sie wird noch einmal senden.',
    storage_unavailable:
      'In den Speicher konnte nicht geschrieben werden. Die Plattform wird noch einmal senden; sehen Sie unter /readyz nach.',
    disk_full: 'Die Platte des Collectors ist voll. Schaffen Sie Platz; die Plattform wird noch einmal senden.',
    internal_error: 'Bei uns ging etwas schief; was, steht im Protokoll des Collectors.',
  },
  reason_other: 'Sie wurde abgelehnt.',

  guides: {
    shopify: {
      secret:
        'Das Client-Secret der App gehört in die secrets der Verbindung. Bei Webhooks, die unter Einstellungen → Benachrichtigungen angelegt sind, ist es das dort gezeigte Signatur-Geheimnis. Während eines Wechsels gehören beide hinein: Das alte signiert noch bis zu einer Stunde.',
      subscribe:
        'Als JSON: orders/create, orders/paid, orders/updated, orders/cancelled, orders/fulfilled, refunds/create, disputes/create und disputes/update.',
      test: 'Wählen Sie unter Einstellungen → Benachrichtigungen → Webhooks „Testbenachrichtigung senden“, oder bestellen Sie mit einer Testzahlung.',
      session:
        'Schreiben Sie die Referenz als Attribut _sref in den Warenkorb, wenn etwas hineingelegt wird und noch einmal vor der Kasse. Testbenachrichtigungen tragen nie eine.',
      nothing: [
        'Shopify will binnen 5 Sekunden eine Antwort, und eine Weiterleitung gilt als Fehler.',
        'Es versucht 8-mal in 4 Stunden. Nach 8 Fehlern in Folge wird ein über die Admin-API angelegtes Abonnement entfernt: Legen Sie es neu an.',
        'Mit include_fields muss updated_at dabei sein; sonst sehen Änderungen aus wie nichts Neues.',
      ],
    },
    woocommerce: {
      secret:
        'Unter WooCommerce → Einstellungen → Erweitert → Webhooks gehört dasselbe Geheimnis in das Feld „Geheimnis“ des Webhooks und in die secrets der Verbindung. Es darf nicht leer sein.',
      subscribe:
        'Webhooks für Bestellung erstellt, aktualisiert, gelöscht und wiederhergestellt. Eine Erstattung kommt als Aktualisierung.',
      test: 'Beim Speichern eines Webhooks kommt nur ein unsignierter Ping. Legen Sie eine Bestellung an, oder ändern Sie eine.',
      session: 'Ein kleines Plugin muss die Referenz aus einem Feld der Kasse in das Meta-Feld _sref der Bestellung schreiben.',
      nothing: [
        'WooCommerce versucht es nicht noch einmal. Nach mehr als 5 Fehlern in Folge setzt es den Webhook auf „Deaktiviert“: Setzen Sie ihn wieder auf „Aktiv“.',
        'Zustellungen stehen in einer Warteschlange und kommen Sekunden bis Minuten später. Sehen Sie unter WooCommerce → Status → Geplante Aktionen nach und ob der Cron von WordPress läuft.',
        'Was inzwischen verloren ging, kommt nur noch über die REST-API, wenn die Verbindung deren Schlüssel hat.',
      ],
    },
    stripe: {
      secret:
        'Das Signatur-Geheimnis des Endpunkts gehört als ganzer Text mit whsec_ in die secrets der Verbindung. Jeder Endpunkt hat sein eigenes, Test- und Livemodus ebenso.',
      subscribe: 'checkout.session.*, payment_intent.*, charge.captured, charge.refunded, refund.* und charge.dispute.*',
      test: 'Bezahlen Sie im Testmodus: Solche Bestellungen sind als Test gekennzeichnet.',
      session:
        'Setzen Sie client_reference_id oder metadata.session_ref der Checkout-Session und dasselbe in payment_intent_data.metadata: Es wird nicht kopiert.',
      nothing: [
        'Ist es der Endpunkt des Modus, in dem bezahlt wurde, Test oder Live?',
        'Eine Weiterleitung gilt Stripe als Fehler. Im Livemodus versucht es 3 Tage lang, im Testmodus einige Stunden.',
      ],
    },
    paypal: {
      secret:
        'PayPal signiert mit einem Zertifikat, daher gibt es kein Geheimnis. Die Webhook-ID von der Seite der App gehört in die settings der Verbindung: Sie ist Teil dessen, was signiert wird.',
      subscribe: 'CHECKOUT.ORDER.*, PAYMENT.AUTHORIZATION.*, PAYMENT.CAPTURE.* und CUSTOMER.DISPUTE.*',
      test: 'Kaufen Sie etwas mit einem Sandbox-Konto. Ereignisse des Webhook-Simulators lassen sich nicht prüfen.',
      session:
        'Setzen Sie custom_id der Purchase-Unit auf die Referenz. Sie kommt mit der Zahlung und ihren Erstattungen zurück.',
      nothing: [
        'Sandbox und Live haben je eigene Webhooks mit eigener ID.',
        'Ereignisse des Simulators von PayPal bestehen die Prüfung der Signatur nicht: Nur echte Sandbox-Käufe beweisen etwas.',
        'PayPal versucht es bis zu 25-mal in 3 Tagen.',
      ],
    },
    bigcommerce: {
      secret:
        'Das Client-Secret des API-Kontos oder der App, mit deren Token die Hooks angelegt wurden, gehört in die secrets der Verbindung.',
      subscribe:
        'store/order/created, store/order/updated, store/order/statusUpdated, store/order/refund/created und store/cart/converted.',
      test: 'Legen Sie eine Bestellung an, oder ändern Sie den Status einer. Ein neuer Hook braucht bis zu einer Minute.',
      session:
        'Bestellungen von BigCommerce tragen keine. Sie finden ihren Besuch über den Warenkorb: Zeigen Sie dem SDK dessen ID als cart_token.',
      nothing: [
        'BigCommerce versucht es 48 Stunden lang, deaktiviert dann den Hook und schreibt eine Mail. Auch ein Hook, der 90 Tage nichts zu senden hatte, wird deaktiviert. Aktivieren Sie ihn wieder.',
        'Nur Port 443 wird aufgerufen. Werden weniger als 9 von 10 Zustellungen angenommen, bleibt die ganze Domain 3 Minuten lang außen vor.',
        'Ein Hook trägt nur eine ID, und die Bestellung wird abgeholt: Das Token der Verbindung muss Bestellungen lesen dürfen.',
        'Hooks sieht nur das Token, mit dem sie angelegt wurden.',
      ],
    },
    magento: {
      secret:
        'Magento Open Source hat keine Webhooks. Der Collector fragt die REST-API mit den vier Zugangsdaten der Integration ab, die in die settings der Verbindung gehören; ein Modul, das Bestellungen hierher sendet, signiert sie mit einem ihrer secrets.',
      subscribe: 'Nichts muss abonniert werden: Bestellungen werden nach der Zeit ihrer Änderung abgefragt.',
      test: 'Legen Sie eine Bestellung an, oder ändern Sie eine. Gesehen wird sie bei der nächsten Abfrage, alle 15 Minuten, wenn nichts anderes konfiguriert ist.',
      session:
        'Eingebaut ist nichts. Bestellungen finden ihren Besuch über quote_id oder über _sref, wenn ein Modul es am Quote ablegt.',
      nothing: [
        'Benutzen Sie alle vier Zugangsdaten der Integration (OAuth 1.0a): Das Access-Token allein wird abgelehnt, solange Magento es nicht ausdrücklich zulässt.',
        'Oben steht, wann die API zuletzt abgefragt wurde und was sie geantwortet hat.',
      ],
    },
    generic: {
      secret:
        'Ihr Server sendet einen geheimen Schlüssel (sk_…) als Authorization: Bearer und signiert den Inhalt mit einem der signing_secrets der Site (whsec_…). @orderloop/client macht beides.',
      subscribe: 'Jede Bestellung, wenn sie entsteht, und bei jeder Änderung noch einmal, mit neuerem updated_at.',
      test: 'Senden Sie eine Bestellung mit "test": true.',
      session: 'Übernehmen Sie das verborgene Feld session_ref von <orderloop-checkout> in die Bestellung.',
      nothing: [
        'Eine Anfrage ohne bekannten Schlüssel erscheint hier nicht, weil niemand sagen kann, wessen sie ist: Ihr Server bekam 401 key_missing oder key_unknown zur Antwort.',
        'Die signierte Zeit darf höchstens fünf Minuten abweichen: Signieren Sie jeden Versuch neu.',
        'Senden Sie nach 429, 503 oder ohne Antwort dasselbe mit derselben webhook-id noch einmal.',
      ],
    },
  },
  other_guide: {
    secret: 'Womit diese Quelle signiert, gehört in die secrets der Verbindung.',
    subscribe: 'Alles, was sie über Bestellungen sagt.',
    test: 'Legen Sie eine Bestellung an, oder ändern Sie eine.',
    session: 'Lassen Sie die Kasse die Sitzungsreferenz in die Bestellung schreiben.',
    nothing: [],
  },
};
