import {
  type ConflictReason,
  type Identifier,
  type IdentifierType,
  type IdentityConflict,
  type IdentityStep,
  isIdentifying,
} from '@orderloop/protocol';
import { byPriority, keyOf } from './identifiers.ts';

/** How many values of a type one person may have (identity §2.1); of the others, any number. */
const LIMITS: Partial<Record<IdentifierType, number>> = { user_id: 1, email: 5, phone: 5 };
/** Identifiers that one person may have (identity §2.1). */
export const MAX_IDENTIFIERS = 1000;

/** Where something stands in canonical order: by time, then by id (identity §2.2). */
export interface Stamp {
  /** UTC ms. */
  at: number;
  event_id: string;
}

/**
 * What an event says of who is who: that identifiers were seen together (of all events that say the same, the earliest is
 * kept: the others change nothing), or what an operator decided.
 */
export interface IdentityFact extends Stamp {
  kind: 'seen' | 'alias' | 'split' | 'undo';
  /** Strongest first. */
  ids: Identifier[];
  /** Of an `undo`: the event that it takes back. */
  undoes?: string;
  by?: string;
  reason?: string;
}

/** Identifiers that belong together. */
export interface Component {
  /** Strongest first. */
  ids: Identifier[];
  /** Whether any of them says who it is. */
  identifying: boolean;
  /** The member that was seen first, whose id is the person's (identity §2.8). */
  first: Stamp & { id: Identifier };
}

export interface Resolution {
  /** Undefined for an identifier that no fact names; the same object as long as its component stays the same. */
  componentOf(id: Identifier): Component | undefined;
  conflicts: readonly IdentityConflict[];
  /** Merges of what was somebody already, and what operators did. */
  steps: readonly IdentityStep[];
  /** Takes a fact that comes after all others. False, and nothing done, where all must be resolved anew. */
  append(fact: IdentityFact): boolean;
}

/** Negative when the one comes first. */
export function compareStamps(left: Stamp, right: Stamp): number {
  return left.at - right.at || (left.event_id < right.event_id ? -1 : left.event_id > right.event_id ? 1 : 0);
}

/** What tells facts apart: those that say the same are one. */
export function factKey({ kind, ids, event_id }: Pick<IdentityFact, 'kind' | 'ids' | 'event_id'>): string {
  return kind === 'seen' ? ids.map(keyOf).join('\n') : `${kind} ${event_id}`;
}

/**
 * Who is who, from all facts about identifiers that hang together (identity §2.2, §2.3). The result depends on the set of
 * facts alone: they are applied in canonical order. Within one fact the strongest identifier is kept, and each next one is
 * joined with it unless that breaks a rule: then it is demoted, stays where it was, and the next is tried.
 */
export function resolveIdentity(facts: Iterable<IdentityFact>): Resolution {
  const ordered = [...facts].sort(compareStamps);
  const forest = createForest();
  const conflicts: IdentityConflict[] = [];
  const steps: IdentityStep[] = [];
  const { aliases, splits, dead } = decideOperations(ordered);

  const applySeen = (fact: IdentityFact): void => {
    const { ids, event_id, at } = fact;
    const nodes = ids.map((id) => forest.node(id, fact));
    // Whom the fact found, as against what it names for the first time.
    const somebodies = new Set(nodes.filter((node) => forest.wasBefore(node, fact) && forest.isSomebody(node)));
    const [strongest, ...others] = nodes;
    let isFound = somebodies.has(strongest!);
    for (const other of others) {
      const refused = whyNot(forest, splits, strongest!, other);
      if (refused) {
        conflicts.push({ event_id, occurred_at: at, demoted: forest.id(other), kept: forest.id(strongest!), ...refused });
        continue;
      }
      const merges = isFound && somebodies.has(other) && forest.root(strongest!) !== forest.root(other);
      forest.union(strongest!, other);
      isFound ||= somebodies.has(other);
      if (merges)
        steps.push({ kind: 'merge', event_id, occurred_at: at, identifiers: [forest.id(strongest!), forest.id(other)] });
    }
  };

  const applyOperation = (fact: IdentityFact): void => {
    const { kind, ids, event_id, at } = fact;
    const [one, other] = ids.map((id) => forest.node(id, fact));
    const undone =
      dead.has(fact) ||
      (kind === 'alias' && !aliases.has(fact)) ||
      (kind === 'split' && !splits.some((split) => split.fact === fact));
    if (kind === 'alias' && !undone && one !== undefined && other !== undefined) {
      if (crossesSplit(forest, splits, one, other))
        conflicts.push({ event_id, occurred_at: at, demoted: ids[1]!, kept: ids[0]!, reason: 'cannot_link' });
      else forest.union(one, other);
    }
    steps.push({
      kind: kind as IdentityStep['kind'],
      event_id,
      occurred_at: at,
      identifiers: ids,
      ...(fact.by && { by: fact.by }),
      ...(fact.reason && { reason: fact.reason }),
      ...(undone && { undone }),
    });
  };

  for (const fact of ordered) {
    if (fact.kind === 'seen') applySeen(fact);
    else applyOperation(fact);
  }
  let last = ordered.at(-1);
  return {
    componentOf: forest.componentOf,
    conflicts,
    steps,
    append(fact) {
      if (fact.kind !== 'seen' || (last && compareStamps(last, fact) >= 0)) return false;
      applySeen(fact);
      last = fact;
      return true;
    },
  };
}

interface Split {
  pair: readonly [string, string];
  fact: IdentityFact;
}

/** What operators said that still counts: not undone, and for each pair the last word (identity §2.3). */
function decideOperations(ordered: readonly IdentityFact[]) {
  const undos = new Map<string, IdentityFact[]>();
  for (const fact of ordered)
    if (fact.kind === 'undo' && fact.undoes) undos.set(fact.undoes, [...(undos.get(fact.undoes) ?? []), fact]);
  const judged = new Map<IdentityFact, boolean>();
  /** An undo may be undone, and counts whatever time its clock gave it. In a circle, the first that is asked counts as undone. */
  const isDead = (fact: IdentityFact): boolean => {
    const known = judged.get(fact);
    if (known !== undefined) return known;
    judged.set(fact, false);
    const answer = (undos.get(fact.event_id) ?? []).some((undo) => !isDead(undo));
    judged.set(fact, answer);
    return answer;
  };
  const dead = new Set(ordered.filter((fact) => fact.kind !== 'seen' && isDead(fact)));
  const last = new Map<string, IdentityFact>();
  for (const fact of ordered) {
    if ((fact.kind === 'alias' || fact.kind === 'split') && !dead.has(fact)) last.set(pairOf(fact).join('\n'), fact);
  }
  const aliases = new Set<IdentityFact>();
  const splits: Split[] = [];
  for (const fact of last.values()) {
    if (fact.kind === 'alias') aliases.add(fact);
    else splits.push({ pair: pairOf(fact), fact });
  }
  return { dead, aliases, splits };
}

function pairOf({ ids }: IdentityFact): [string, string] {
  return ids.slice(0, 2).map(keyOf).sort() as [string, string];
}

type Forest = ReturnType<typeof createForest>;

/** Why two components may not become one, or null (identity §2.2). What is one already is never refused. */
function whyNot(
  forest: Forest,
  splits: readonly Split[],
  one: number,
  other: number,
): { reason: ConflictReason; limit_of?: IdentifierType } | null {
  const [left, right] = [forest.root(one), forest.root(other)];
  if (left === right) return null;
  if (crossesSplit(forest, splits, one, other)) return { reason: 'cannot_link' };
  if (forest.size(left) + forest.size(right) > MAX_IDENTIFIERS) return { reason: 'merge_limit' };
  for (const [type, limit] of Object.entries(LIMITS) as [IdentifierType, number][]) {
    const [a, b] = [forest.count(left, type), forest.count(right, type)];
    // Who has too many already, by an alias, may still gain what is no more of them.
    if (a + b > limit && a > 0 && b > 0) return { reason: 'limit', limit_of: type };
  }
  return null;
}

function crossesSplit(forest: Forest, splits: readonly Split[], one: number, other: number): boolean {
  const [left, right] = [forest.root(one), forest.root(other)];
  return splits.some(({ pair: [a, b] }) => {
    const [x, y] = [forest.rootOf(a), forest.rootOf(b)];
    return (x === left && y === right) || (x === right && y === left);
  });
}

/** Union-find by size with path halving, which knows of each component what the rules ask. */
function createForest() {
  const index = new Map<string, number>();
  const ids: Identifier[] = [];
  const firsts: Stamp[] = [];
  const parents: number[] = [];
  const sizes: number[] = [];
  const counts: Partial<Record<IdentifierType, number>>[] = [];
  /** Of each root. */
  const members: number[][] = [];
  const known = new Map<number, Component>();
  const root = (node: number): number => {
    let at = node;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  };
  return {
    root,
    /** Facts come in canonical order, so that the first to name it is its first. */
    node(id: Identifier, { at, event_id }: Stamp): number {
      const key = keyOf(id);
      const known = index.get(key);
      if (known !== undefined) return known;
      const node = ids.length;
      index.set(key, node);
      ids.push(id);
      firsts.push({ at, event_id });
      parents.push(node);
      sizes.push(1);
      counts.push({ [id.type]: 1 });
      members.push([node]);
      return node;
    },
    id: (node: number): Identifier => ids[node]!,
    wasBefore: (node: number, stamp: Stamp): boolean => compareStamps(firsts[node]!, stamp) < 0,
    rootOf: (key: string): number => {
      const node = index.get(key);
      return node === undefined ? -1 : root(node);
    },
    size: (top: number): number => sizes[top]!,
    count: (top: number, type: IdentifierType): number => counts[top]![type] ?? 0,
    isSomebody(node: number): boolean {
      const { user_id, email, phone } = counts[root(node)]!;
      return Boolean(user_id || email || phone);
    },
    union(one: number, other: number): void {
      let [large, small] = [root(one), root(other)];
      if (large === small) return;
      if (sizes[large]! < sizes[small]!) [large, small] = [small, large];
      parents[small] = large;
      for (const node of members[small]!) members[large]!.push(node);
      members[small] = [];
      known.delete(large);
      known.delete(small);
      sizes[large]! += sizes[small]!;
      for (const [type, count] of Object.entries(counts[small]!) as [IdentifierType, number][])
        counts[large]![type] = (counts[large]![type] ?? 0) + count;
    },
    componentOf(id: Identifier): Component | undefined {
      const node = index.get(keyOf(id));
      if (node === undefined) return undefined;
      const top = root(node);
      const component = known.get(top) ?? newComponent(members[top]!.map((member) => ({ ...firsts[member]!, id: ids[member]! })));
      known.set(top, component);
      return component;
    },
  };
}

function newComponent(members: readonly (Stamp & { id: Identifier })[]): Component {
  let [first] = members as [Component['first']];
  for (const member of members) if ((compareStamps(member, first) || byPriority(member.id, first.id)) < 0) first = member;
  return {
    ids: members.map(({ id }) => id).sort(byPriority),
    identifying: members.some(({ id }) => isIdentifying(id.type)),
    first,
  };
}
