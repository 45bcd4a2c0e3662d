import { StorageFault } from '../storage/contract.ts';

// Calls of functions in another thread: objects of async functions on one side, the same objects on the other.

export interface CallRequest {
  id: number;
  target: string;
  method: string;
  args: unknown[];
}

export type CallResponse =
  | { id: number; value: unknown }
  | { id: number; error: { message: string; kind?: StorageFault['kind'] } };

type AsyncMethods = Record<string, (...args: never[]) => Promise<unknown>>;

/** Runs a call against the objects that this thread serves. */
export async function answerCall(targets: object, { id, target, method, args }: CallRequest): Promise<CallResponse> {
  try {
    const object = (targets as Record<string, AsyncMethods>)[target]!;
    return { id, value: await object[method]!(...(args as never[])) };
  } catch (error) {
    const { message } = error as Error;
    return { id, error: { message, ...(error instanceof StorageFault && { kind: error.kind }) } };
  }
}

export interface Caller {
  /** An object whose methods are calls of the target's. */
  target<T extends object>(name: string): T;
  answer(response: CallResponse): void;
  /** Refuses what is open: the other side is gone. */
  failAll(): void;
}

/** `send` posts a call to the other side; false when there is nobody. */
export function createCaller(send: (call: CallRequest) => boolean): Caller {
  const open = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let next = 0;
  const gone = (): StorageFault => new StorageFault('[orderloop] the background thread is not running');
  const call = (target: string, method: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = next++;
      open.set(id, { resolve, reject });
      if (send({ id, target, method, args })) return;
      open.delete(id);
      reject(gone());
    });
  return {
    target: <T extends object>(name: string) =>
      new Proxy({} as T, {
        get:
          (_, method) =>
          (...args: unknown[]) =>
            call(name, String(method), args),
      }),
    answer(response) {
      const entry = open.get(response.id);
      open.delete(response.id);
      if ('error' in response) {
        const { message, kind } = response.error;
        entry?.reject(kind ? new StorageFault(message, { kind }) : new Error(message));
      } else entry?.resolve(response.value);
    },
    failAll() {
      for (const { reject } of open.values()) reject(gone());
      open.clear();
    },
  };
}
