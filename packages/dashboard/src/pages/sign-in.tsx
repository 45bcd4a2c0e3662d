import { useState } from 'preact/hooks';
import { signIn } from '../api.ts';
import { useTexts } from '../i18n.ts';

export function SignInPage({ onDone }: { onDone: () => void }) {
  const { t } = useTexts();
  const [wrong, setWrong] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget as HTMLFormElement).get('token'));
    setWrong(false);
    await signIn(token).then(onDone, () => setWrong(true));
  };
  return (
    <main id="content" class="narrow">
      <h1 tabIndex={-1}>{t('sign_in')}</h1>
      <form class="panel stack" onSubmit={(event) => void submit(event as SubmitEvent)}>
        <label>
          {t('token')}
          <input
            name="token"
            type="password"
            autocomplete="current-password"
            required
            aria-describedby="token-hint"
            aria-invalid={wrong}
          />
        </label>
        <p id="token-hint" class="dim">
          {t('sign_in_hint')}
        </p>
        <p class="notice bad" role="alert" hidden={!wrong}>
          {wrong ? t('wrong_token') : ''}
        </p>
        <button type="submit" class="primary">
          {t('sign_in')}
        </button>
      </form>
    </main>
  );
}
