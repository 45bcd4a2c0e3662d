import type { Counted, Language } from '../shared/i18n.ts';

interface RewardMessages {
  points: Counted;
  sponsor(advertiser: string): string;
  invitation(time: string, points: string): string;
  start: string;
  left(time: string): string;
  halfway: string;
  ready: string;
  claim(points: string): string;
  receipt(points: string): string;
  balance(points: string): string;
  consent: string;
  already_earned: string;
  no_offer: string;
  rate_limited: string;
  failed: string;
  again: string;
}

export const MESSAGES: Record<Language, RewardMessages> = {
  en: {
    points: { one: '# point', other: '# points' },
    sponsor: (advertiser) => `Sponsored by ${advertiser}`,
    invitation: (time, points) => `Stay here for ${time} and get ${points}.`,
    start: 'Start',
    left: (time) => `${time} left`,
    halfway: 'Half of it is done.',
    ready: 'Done. Your points are ready.',
    claim: (points) => `Claim ${points}`,
    receipt: (points) => `You earned ${points}.`,
    balance: (points) => `Balance: ${points}`,
    consent: 'To earn points, allow statistics in the privacy settings.',
    already_earned: 'You have already earned this reward.',
    no_offer: 'There is nothing to earn here right now.',
    rate_limited: 'That is all for now. Please come back later.',
    failed: 'That did not work.',
    again: 'Try again',
  },
  es: {
    points: { one: '# punto', other: '# puntos' },
    sponsor: (advertiser) => `Patrocinado por ${advertiser}`,
    invitation: (time, points) => `Quédate aquí ${time} y consigue ${points}.`,
    start: 'Empezar',
    left: (time) => `Quedan ${time}`,
    halfway: 'Ya llevas la mitad.',
    ready: 'Listo. Tus puntos te esperan.',
    claim: (points) => `Obtener ${points}`,
    receipt: (points) => `Has conseguido ${points}.`,
    balance: (points) => `Saldo: ${points}`,
    consent: 'Para ganar puntos, permite las estadísticas en los ajustes de privacidad.',
    already_earned: 'Ya has conseguido esta recompensa.',
    no_offer: 'Ahora mismo no hay nada que ganar aquí.',
    rate_limited: 'Eso es todo por ahora. Vuelve más tarde.',
    failed: 'No ha funcionado.',
    again: 'Reintentar',
  },
  fr: {
    points: { one: '# point', other: '# points' },
    sponsor: (advertiser) => `Sponsorisé par ${advertiser}`,
    invitation: (time, points) => `Restez ici ${time} et recevez ${points}.`,
    start: 'Commencer',
    left: (time) => `Encore ${time}`,
    halfway: 'Vous êtes à la moitié.',
    ready: 'C’est fait. Vos points vous attendent.',
    claim: (points) => `Recevoir ${points}`,
    receipt: (points) => `Vous avez gagné ${points}.`,
    balance: (points) => `Solde : ${points}`,
    consent: 'Pour gagner des points, autorisez les statistiques dans les réglages de confidentialité.',
    already_earned: 'Vous avez déjà gagné cette récompense.',
    no_offer: 'Il n’y a rien à gagner ici pour le moment.',
    rate_limited: 'C’est tout pour l’instant. Revenez plus tard.',
    failed: 'Cela n’a pas fonctionné.',
    again: 'Réessayer',
  },
  de: {
    points: { one: '# Punkt', other: '# Punkte' },
    sponsor: (advertiser) => `Gesponsert von ${advertiser}`,
    invitation: (time, points) => `${time} hierbleiben und ${points} erhalten.`,
    start: 'Starten',
    left: (time) => `Noch ${time}`,
    halfway: 'Die Hälfte ist geschafft.',
    ready: 'Geschafft. Ihre Punkte liegen bereit.',
    claim: (points) => `${points} holen`,
    receipt: (points) => `Sie haben ${points} erhalten.`,
    balance: (points) => `Guthaben: ${points}`,
    consent: 'Um Punkte zu sammeln, erlauben Sie Statistik in den Datenschutzeinstellungen.',
    already_earned: 'Diese Prämie haben Sie schon erhalten.',
    no_offer: 'Hier gibt es gerade nichts zu sammeln.',
    rate_limited: 'Das ist vorerst alles. Bitte kommen Sie später wieder.',
    failed: 'Das hat nicht geklappt.',
    again: 'Erneut versuchen',
  },
  zh: {
    points: { other: '# 积分' },
    sponsor: (advertiser) => `由 ${advertiser} 赞助`,
    invitation: (time, points) => `停留 ${time},即可获得 ${points}。`,
    start: '开始',
    left: (time) => `还剩 ${time}`,
    halfway: '已完成一半。',
    ready: '已完成,积分可以领取了。',
    claim: (points) => `领取 ${points}`,
    receipt: (points) => `您已获得 ${points}。`,
    balance: (points) => `余额:${points}`,
    consent: '请在隐私设置中允许统计,以便赚取积分。',
    already_earned: '您已领取过此奖励。',
    no_offer: '目前没有可领取的奖励。',
    rate_limited: '目前已达上限,请稍后再来。',
    failed: '操作未成功。',
    again: '重试',
  },
};
