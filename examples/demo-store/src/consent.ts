/** What the visitor chose in the banner. */
export type Choice = 'all' | 'necessary';

/** The choice in the four words that Orderloop and the ad platforms use. */
export function consentOf(choice: Choice) {
  const state = choice === 'all' ? 'granted' : 'denied';
  return { ad_storage: state, ad_user_data: state, ad_personalization: state, analytics_storage: state } as const;
}

export function readChoice(value: unknown): Choice | undefined {
  return value === 'all' || value === 'necessary' ? value : undefined;
}
