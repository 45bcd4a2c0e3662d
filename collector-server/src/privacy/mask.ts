// What may be shown and logged of a request: no secret, no personal data (R13).

const SECRET_HEADERS =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|access-token|.*signature|.*secret|.*token)$/i;
const SECRET_PARAMS = /^(access_token|api_secret|token|key|secret|appsecret_proof)$/i;
const PERSONAL_FIELDS = new Set([
  'em',
  'ph',
  'fn',
  'ln',
  'ct',
  'st',
  'zp',
  'country',
  'db',
  'ge',
  'external_id',
  'client_ip_address',
  'fbp',
  'fbc',
  'email',
  'phone',
  'email_sha256',
  'phone_sha256',
  'first_name',
  'last_name',
  'street',
  'city',
  'postal_code',
  'ip',
  'ip_address',
  'ipAddress',
  'clientIpAddress',
  'emailAddress',
  'phoneNumber',
  'givenName',
  'familyName',
  'postalCode',
  'hashedEmail',
  'hashedPhoneNumber',
  'sha256_email_address',
  'sha256_phone_number',
  'sha256_first_name',
  'sha256_last_name',
  'sha256_street',
  'hashed_email',
  'hashed_phone_number',
  'phone_number',
  'zip_code',
  'state',
  'region',
  'idValue',
  'firstName',
  'lastName',
  'externalId',
  'anonymousId',
  'user_id',
  'client_id',
  'uuid',
  'ttp',
  'sc_cookie1',
  'date_of_birth',
  'gender',
]);

export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET_HEADERS.test(name) ? redact(value) : value]),
  );
}

/** Tokens in a URL's query are replaced; the rest stays readable. */
export function maskUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  for (const name of url.searchParams.keys()) if (SECRET_PARAMS.test(name)) url.searchParams.set(name, '[redacted]');
  return url.href;
}

/** Personal fields of a JSON body keep their first four characters, so that a reader can compare and not read. */
export function maskBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), (name, value: unknown) => (PERSONAL_FIELDS.has(name) ? maskValue(value) : value));
  } catch {
    return '[not JSON]';
  }
}

function maskValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskValue);
  return typeof value === 'string' ? `${value.slice(0, 4)}…` : value;
}

function redact(value: string): string {
  const scheme = /^(Bearer|Basic) /.exec(value)?.[0] ?? '';
  return `${scheme}[redacted]`;
}
