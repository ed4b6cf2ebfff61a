/** A child that does what its parent asks: ends, throws, reports, waits to be stopped, starts a child of its own. */
import { getPriority, setPriority } from 'node:os';
import { answerParent, Child } from '../../src/core/child-process.js';
import { PrioraError } from '../../src/core/errors.js';

export type AskedCalls = {
  readonly end: { readonly argument: NodeJS.Signals | number; readonly result: void };
  readonly fail: { readonly argument: string; readonly result: void };
  readonly count: { readonly argument: number; readonly result: number; readonly progress: number };
  readonly wait: { readonly argument: null; readonly result: string; readonly progress: 'waiting' };
  /** The priority of a child that yields, of a process that has this one. */
  readonly priorityBelow: { readonly argument: number; readonly result: number };
  readonly priority: { readonly argument: null; readonly result: number };
};

answerParent<AskedCalls>({
  end: (how) => {
    if (typeof how === 'number') process.exit(how);
    process.kill(process.pid, how);
    return new Promise(() => undefined);
  },
  fail: (message) => {
    throw message === 'ours' ? new PrioraError('GEOMETRY_GAP', message, { subject: { PatientID: 'P' } }) : new TypeError(message); // prettier-ignore
  },
  count: (to, { progress }) => {
    for (let n = 1; n <= to; n++) progress(n);
    return Promise.resolve(to);
  },
  wait: (_, { signal, progress }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve('stopped by itself'));
      progress('waiting');
    }),
  priority: () => Promise.resolve(getPriority()),
  priorityBelow: async (priority) => {
    setPriority(priority);
    const child = new Child<AskedCalls>(new URL('./asked-process.js', import.meta.url), {
      name: 'the child below',
      yieldsProcessor: true,
    });
    return child.call('priority', null).finally(() => child.kill());
  },
});
