export type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const UNTOLD = ['hidden', 'submit', 'button', 'reset', 'image', 'password'];

/** The field that an event is about, if it is one that a visitor fills in. */
export function fieldOf({ target }: Event): Field | undefined {
  return target instanceof Element && target.matches('input, select, textarea') && !UNTOLD.includes((target as Field).type)
    ? (target as Field)
    : undefined;
}

/** What the shop calls the field. */
export function nameOf(field: Field): string {
  return (field.name || field.id || field.autocomplete || field.type).slice(0, 128);
}

/** Whether it holds anything; what it holds is nobody's business (P1). */
export function isFilled(field: Field): boolean {
  return field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type) ? field.checked : field.value !== '';
}

/**
 * The payment method that was chosen: an option of the shop's own, in a radio or select whose name says payment.
 * What doesn't read like a method's name is left out: shops put the tokens and digits of saved cards there.
 */
export function paymentType(field: Field): string | undefined {
  const isChoice = field instanceof HTMLSelectElement || field.type === 'radio';
  if (!isChoice || !/payment/i.test(field.name)) return undefined;
  return /^[a-z][a-z_. -]{0,63}$/i.test(field.value) ? field.value : '';
}

/** The e-mail address and the phone number that a form holds. */
export function contactOf(form: HTMLFormElement): { email?: string; phone?: string } {
  const find = (selector: string) => form.querySelector<HTMLInputElement>(selector)?.value.trim();
  const email = find('input[type="email" i], input[autocomplete~="email" i], input[name*="email" i]');
  const phone = find('input[type="tel" i], input[autocomplete~="tel" i], input[name*="phone" i]');
  return { ...(email && { email }), ...(phone && { phone }) };
}
