import type { SourceWords } from './sources.en.ts';

export const words: SourceWords = {
  title: 'Orígenes',
  intro: 'De dónde llegan los pedidos, cómo está cada conexión y qué hacer cuando no llega nada.',
  empty:
    'No hay ningún origen conectado. Añada uno en sources del sitio, en la configuración del collector, o signing_secrets para sus propios servidores.',
  back: 'Todos los orígenes',
  missing: 'Este origen no está conectado para este sitio.',
  col_source: 'Origen',
  col_health: 'Estado',
  col_last: 'Última entrega',
  col_day: 'Últimas 24 horas',
  site: 'sitio {site}',
  account: 'cuenta {account}',
  own_server: 'Su propio servidor',
  never: 'nunca',
  nothing_today: 'nada',

  health: {
    fresh: 'Al día',
    quiet: 'En silencio',
    refusing: 'Rechaza',
    never: 'Nunca ha llegado nada',
    polled: 'Se consulta por API',
  },
  health_hint: {
    fresh: 'La última entrega llegó hace menos de un día y se aceptó.',
    quiet: 'Hace más de un día que no llega nada.',
    refusing: 'La última entrega se rechazó. Abajo se dice por qué.',
    never: 'Aquí todavía no ha llegado nada.',
    polled: 'No ha llegado ninguna entrega; los pedidos se consultan en la API de la plataforma.',
  },
  verdicts: { accepted: 'aceptada', duplicate: 'ya conocida', ignored: 'ignorada', rejected: 'rechazada' },
  poll_at: 'Su API se consultó por última vez {ago}.',
  poll_never: 'Su API todavía no se ha consultado.',
  poll_error: 'En este momento no se puede consultar su API: {error}',

  connect_title: 'Conectarlo',
  address: 'Dirección para la plataforma',
  address_own: 'Dirección para su servidor',
  copy: 'Copiar',
  copied: 'Copiado',
  copy_failed: 'Copie el texto marcado.',
  local:
    'Solo este equipo puede llegar a esta dirección. Ponga public_url en la configuración para que las plataformas la encuentren.',
  secret_title: 'Qué secreto va en qué lugar',
  secrets_none: 'No hay ningún secreto configurado: se rechazará cada entrega.',
  secrets_one: 'Hay 1 secreto configurado.',
  secrets_count: 'Hay {count} secretos configurados; cualquiera de ellos puede firmar.',
  subscribe_title: 'Qué enviar aquí',

  test_title: 'Entrega de prueba',
  waiting: 'Esperando una entrega de prueba…',
  arrived: 'Ha llegado una entrega.',
  again: 'Esperar otra',
  fact_verdict: 'Veredicto',
  fact_topic: 'Tema',
  fact_order: 'Pedido',
  fact_state: 'Estado',
  fact_total: 'Total',
  fact_test: 'Pedido de prueba',
  fact_session: 'Referencia de sesión',
  taken: 'Se aceptó y está en el disco.',
  known: 'La misma entrega ya había llegado; no se cambió nada.',
  is_test: 'Sí: se guarda y no se comunica a ninguna plataforma publicitaria.',
  is_real: 'No, es real.',
  no_state: 'Datos sobre un pedido, no el pedido entero.',
  has_session: 'Llegó con el pedido: encontrará su visita.',
  no_session: 'No llegó con el pedido.',
  more_orders: 'y {count} más',
  counted: '{count} veces desde {time}',
  unsigned: 'Nadie la firmó, así que pudo enviarla cualquiera; estas entregas se cuentan juntas y no se guarda nada de ellas.',

  last_title: 'Últimas entregas',
  last_empty: 'Todavía no ha llegado nada.',
  col_time: 'Hora',
  col_topic: 'Tema',
  col_order: 'Pedido',
  col_verdict: 'Veredicto',
  col_reason: 'Motivo',
  at_field: 'Campo:',

  nothing_title: 'Cuando no llega nada',
  nothing_everywhere: [
    '¿Se puede llegar a la dirección desde internet, por https, con un certificado válido, sin redirección y sin inicio de sesión por delante?',
    'Mire la lista de entregas de la propia plataforma. 404: el origen o el sitio está mal escrito en la dirección. 429 y 503: el collector no podía aceptarla en ese momento, y lo dice en /readyz.',
  ],

  ignored: {
    unsupported_topic: 'Este tema no dice nada que haga falta aquí. Puede quitar su suscripción.',
    no_money_moved: 'Un reembolso que no movió dinero: se devolvió mercancía o se perdonó un cargo.',
    no_payment: 'No dice nada de un pago.',
    unknown_dispute_status: 'Una disputa en un estado que aquí no significa nada.',
  },
  ignored_other: 'No había nada para nosotros.',

  reasons: {
    bad_signature: 'La firma no coincide. Compare el secreto de la plataforma con el de la configuración.',
    signature_missing: 'No estaba firmada. Dé un secreto a la plataforma y compruebe que nada quita cabeceras por el camino.',
    stale_timestamp:
      'La hora firmada difiere de la nuestra en más de cinco minutos. Ajuste los dos relojes y firme de nuevo cada intento.',
    secret_key_in_browser: 'Se envió una clave secreta desde un navegador. Cámbiela y envíe desde un servidor.',
    unsupported_media_type: 'El cuerpo no es JSON. Elija JSON como formato en la plataforma.',
    unsupported_encoding: 'El cuerpo viene comprimido de un modo que aquí no se lee. Envíelo sin comprimir o con gzip.',
    body_too_large: 'El cuerpo es demasiado grande.',
    malformed_request: 'La conexión se cortó antes de que llegara todo.',
    malformed_gzip: 'El cuerpo dice ser gzip y no lo es.',
    malformed_json: 'El cuerpo no es JSON bien formado.',
    unusable_delivery: 'Estaba firmada, pero no se pudo leer como pedido.',
    invalid_order: 'Falta un campo del pedido o está mal.',
    unknown_currency: 'La moneda no es un código ISO 4217.',
    invalid_amount:
      'Un importe no es exacto. Envíe textos decimales como "113.05", sin más decimales de los que tiene la moneda.',
    delivery_id_reused: 'El id de la entrega ya se usó para otra cosa. Dé a cada entrega un id propio.',
    bad_idempotency_key: 'No se puede usar el Idempotency-Key.',
    idempotency_key_reused: 'El Idempotency-Key ya se usó para otra llamada.',
    call_running: 'La misma llamada aún se estaba respondiendo. Se intenta de nuevo.',
    rate_limited: 'Demasiadas peticiones a la vez. Envíe de nuevo tras el tiempo que dice Retry-After.',
    certificate_unavailable: 'No se pudo obtener el certificado con que firma la plataforma. Volverá a enviar.',
    storage_unavailable: 'No se pudo escribir en el almacén. La plataforma volverá a enviar; mire /readyz.',
    disk_full: 'El disco del collector está lleno. Libere espacio; la plataforma volverá a enviar.',
    internal_error: 'Algo falló por nuestra parte; el registro del collector dice qué.',
  },
  reason_other: 'Se rechazó.',

  guides: {
    shopify: {
      secret:
        'Ponga el secreto de cliente de la aplicación en los secrets de la conexión. Para los webhooks creados en Configuración → Notificaciones es el secreto de firma que se muestra allí. Mientras se cambia, ponga los dos: el antiguo firma hasta una hora más.',
      subscribe:
        'Como JSON: orders/create, orders/paid, orders/updated, orders/cancelled, orders/fulfilled, refunds/create, disputes/create y disputes/update.',
      test: 'Elija «Enviar notificación de prueba» en Configuración → Notificaciones → Webhooks, o haga un pedido con un pago de prueba.',
      session:
        'Escriba la referencia en el carrito como atributo _sref al añadir algo y antes del pago. Las notificaciones de prueba nunca la llevan.',
      nothing: [
        'Shopify quiere respuesta en 5 segundos y toma una redirección por un fallo.',
        'Lo intenta 8 veces en 4 horas. Tras 8 fallos seguidos elimina la suscripción hecha por la API de administración: créela de nuevo.',
        'Con include_fields, updated_at debe estar incluido; si no, los cambios parecen no traer nada nuevo.',
      ],
    },
    woocommerce: {
      secret:
        'En WooCommerce → Ajustes → Avanzado → Webhooks, ponga el mismo secreto en el campo Secreto del webhook y en los secrets de la conexión. No puede estar vacío.',
      subscribe: 'Webhooks para pedido creado, actualizado, eliminado y restaurado. Un reembolso llega como pedido actualizado.',
      test: 'Al guardar un webhook solo llega un ping sin firma. Haga un pedido o cambie uno.',
      session: 'Un pequeño plugin debe escribir la referencia, desde un campo del pago, en el metadato _sref del pedido.',
      nothing: [
        'WooCommerce no vuelve a intentarlo. Tras más de 5 fallos seguidos pone el webhook en Desactivado: póngalo de nuevo en Activo.',
        'Las entregas van en cola y llegan segundos o minutos después. Mire WooCommerce → Estado → Acciones programadas y si funciona el cron de WordPress.',
        'Lo que se perdió entretanto solo llega por la API REST, si la conexión tiene sus claves.',
      ],
    },
    stripe: {
      secret:
        'Ponga el secreto de firma del endpoint en los secrets de la conexión, el texto entero con whsec_. Cada endpoint tiene el suyo, y también los modos de prueba y real.',
      subscribe: 'checkout.session.*, payment_intent.*, charge.captured, charge.refunded, refund.* y charge.dispute.*',
      test: 'Pague en modo de prueba: esos pedidos quedan marcados como prueba.',
      session:
        'Ponga client_reference_id o metadata.session_ref en la sesión de Checkout, y lo mismo en payment_intent_data.metadata: no se copia.',
      nothing: [
        '¿Es el endpoint del modo en que se pagó, prueba o real?',
        'Stripe toma una redirección por un fallo. En modo real lo intenta durante 3 días; en modo de prueba, unas horas.',
      ],
    },
    paypal: {
      secret:
        'PayPal firma con un certificado, así que no hay secreto. Ponga el ID del webhook, de la página de la aplicación, en los settings de la conexión: forma parte de lo que se firma.',
      subscribe: 'CHECKOUT.ORDER.*, PAYMENT.AUTHORIZATION.*, PAYMENT.CAPTURE.* y CUSTOMER.DISPUTE.*',
      test: 'Compre algo con una cuenta de sandbox. Los eventos del simulador de webhooks no se pueden verificar.',
      session: 'Ponga la referencia en custom_id de la unidad de compra. Vuelve con el cobro y sus reembolsos.',
      nothing: [
        'Sandbox y real tienen webhooks propios, cada uno con su ID.',
        'Los eventos del simulador de PayPal no superan la comprobación de la firma: solo las compras reales en sandbox demuestran algo.',
        'PayPal lo intenta hasta 25 veces en 3 días.',
      ],
    },
    bigcommerce: {
      secret:
        'Ponga en los secrets de la conexión el secreto de cliente de la cuenta de API o de la aplicación cuyo token creó los hooks.',
      subscribe:
        'store/order/created, store/order/updated, store/order/statusUpdated, store/order/refund/created y store/cart/converted.',
      test: 'Haga un pedido o cambie el estado de uno. Un hook nuevo tarda hasta un minuto.',
      session:
        'Los pedidos de BigCommerce no la llevan. Encuentran su visita por el carrito: deje que el SDK vea su id como cart_token.',
      nothing: [
        'BigCommerce lo intenta durante 48 horas; luego desactiva el hook y envía un correo. También desactiva el que no tuvo nada que enviar en 90 días. Actívelo de nuevo.',
        'Solo llama al puerto 443. Si se aceptan menos de 9 de cada 10 entregas, deja en paz todo el dominio durante 3 minutos.',
        'Un hook solo lleva un id, y el pedido se consulta: el token de la conexión debe poder leer pedidos.',
        'Los hooks solo los ve el token que los creó.',
      ],
    },
    magento: {
      secret:
        'Magento Open Source no tiene webhooks. El collector consulta su API REST con las cuatro credenciales de la integración, que van en los settings de la conexión; un módulo que envíe pedidos aquí los firma con uno de sus secrets.',
      subscribe: 'No hay que suscribir nada: los pedidos se consultan por la hora en que cambiaron.',
      test: 'Haga un pedido o cambie uno. Se ve en la próxima consulta, cada 15 minutos si no se configura otra cosa.',
      session:
        'No hay nada incorporado. Los pedidos encuentran su visita por quote_id, o por _sref si un módulo lo guarda en el quote.',
      nothing: [
        'Use las cuatro credenciales de la integración (OAuth 1.0a): el token de acceso solo se rechaza, salvo que Magento lo permita expresamente.',
        'Arriba se dice cuándo se consultó la API por última vez y qué respondió.',
      ],
    },
    generic: {
      secret:
        'Su servidor envía una clave secreta (sk_…) como Authorization: Bearer y firma el cuerpo con uno de los signing_secrets del sitio (whsec_…). @orderloop/client hace las dos cosas.',
      subscribe: 'Cada pedido cuando se crea, y de nuevo en cada cambio, con un updated_at más reciente.',
      test: 'Envíe un pedido con "test": true.',
      session: 'Pase al pedido el campo oculto session_ref de <orderloop-checkout>.',
      nothing: [
        'Una petición sin clave conocida no aparece aquí, porque nadie puede decir de quién es: su servidor recibió 401 key_missing o key_unknown.',
        'La hora firmada puede diferir cinco minutos como mucho: firme de nuevo cada intento.',
        'Tras 429, 503 o ninguna respuesta, envíe lo mismo con el mismo webhook-id.',
      ],
    },
  },
  other_guide: {
    secret: 'Ponga en los secrets de la conexión aquello con lo que firma este origen.',
    subscribe: 'Todo lo que diga de los pedidos.',
    test: 'Haga un pedido o cambie uno.',
    session: 'Haga que el pago escriba la referencia de sesión en el pedido.',
    nothing: [],
  },
};
