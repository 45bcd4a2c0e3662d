/** Why a call is refused; the key of its place in `KINDS`. */
export interface Fault {
  kind: keyof typeof KINDS;
  message: string;
}

/**
 * Codes as Meta answers them. 190, 100/33, 100/2804001 and 100/2804003 are documented; which subcode belongs to which
 * other fault is not, so those share one that relays §6 lists as permanent.
 */
const KINDS = {
  token: { status: 401, code: 190, subcode: 463, title: 'Access token' },
  dataset: { status: 400, code: 100, subcode: 33, title: 'Unknown dataset' },
  parameter: { status: 400, code: 100, subcode: 2804019, title: 'Invalid parameter' },
  user: { status: 400, code: 100, subcode: 2804019, title: 'Invalid customer information' },
  click: { status: 400, code: 100, subcode: 2804001, title: 'Invalid fbc' },
  too_old: { status: 400, code: 100, subcode: 2804003, title: 'Event is too old' },
  throttled: { status: 429, code: 4, subcode: 2446079, title: 'Too many calls', transient: true },
  broken: { status: 500, code: 2, subcode: 1363030, title: 'Service temporarily unavailable', transient: true },
} as const satisfies Record<string, { status: number; code: number; subcode: number; title: string; transient?: true }>;

export function fault(kind: Fault['kind'], message: string): Fault {
  return { kind, message };
}

/** The status and the error envelope of the Graph API. */
export function toAnswer({ kind, message }: Fault, fbtrace_id: string) {
  const { status, code, subcode, title, ...rest } = KINDS[kind];
  return {
    status,
    body: {
      error: {
        message,
        type: 'OAuthException',
        code,
        error_subcode: subcode,
        is_transient: 'transient' in rest,
        error_user_title: title,
        error_user_msg: message,
        fbtrace_id,
      },
    },
  };
}
