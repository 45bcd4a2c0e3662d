import type { DeliveryVerdict } from '@orderloop/protocol';
import { useSourceWords } from './texts.ts';

const TONES: Readonly<Record<DeliveryVerdict, string>> = { accepted: 'good', duplicate: '', ignored: '', rejected: 'bad' };

export function VerdictBadge({ verdict }: { verdict: DeliveryVerdict }) {
  const words = useSourceWords();
  return <span class={`badge ${TONES[verdict]}`}>{words.verdicts[verdict]}</span>;
}
