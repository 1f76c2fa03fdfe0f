import { join } from 'node:path';
import { CONTROLLER_BACKOFF } from '../base/index.ts';
import { connectKubernetes } from '../cluster/adapters/kubernetes/index.ts';
import { startElector } from '../control/shards/index.ts';
import { type ComponentOptions, componentIdentity, type RunningComponent, running, tellDropped } from './component.ts';
import { startTerm, type Term } from './controller-term.ts';
import type { Ends } from './daemon.ts';
import { hostClock, hostRandom } from './host.ts';
import type { LocalScheme } from './host-git.ts';
import { forwardToHolder, ownAddress } from './lease-holder.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { servePod } from './serve-pod.ts';

export interface ControllerOptions extends ComponentOptions {
  /** Folder of repositories and the audit log. */
  readonly dataFolder: string;
  readonly localSchemes?: readonly LocalScheme[];
  readonly withoutGit?: boolean;
}

/** Name of the lease of the controller that works. */
const LEASE = 'pipectl-controller';

/**
 * The controller of an installation in a cluster: registration, reconciler, scheduler, retention, notifications, remotes and
 * pushes. Of several replicas the one that holds the lease works; the others wait, and send on to it what is pushed to them.
 * Each of its writes asks the lease first.
 */
export function startController(options: ControllerOptions): Promise<RunningComponent> {
  return running(async (ends: Ends) => {
    const { connection, log, listen, timing } = options;
    const host = { clock: hostClock, random: hostRandom, log };
    const to = { ...connection, random: hostRandom, onDroppedField: tellDropped(log) };
    const cluster = await connectKubernetes(to);
    const fenced = await connectKubernetes({ ...to, mayWrite: () => elector.isHeld() });
    const newMetrics = (): Metrics => {
      const metrics = createMetrics();
      metrics.watchApi(() => [cluster, fenced]);
      return metrics;
    };
    const state: State = { leading: undefined, term: undefined, metrics: newMetrics(), newMetrics, isStopped: false };
    const lead = leader(state, (metrics, termEnds) =>
      startTerm({ ...options, ...host, cluster: fenced, metrics, audit: join(options.dataFolder, 'audit') }, termEnds),
    );
    const server = await servePod({
      listen,
      metrics: () => state.metrics.text(),
      // One that waits is ready: it takes over when the other is gone.
      unready: () => (state.leading !== undefined && state.term === undefined ? 'it is about to take over' : undefined),
      handle: (request, response) => {
        if (state.term !== undefined) return state.term.handle(request, response);
        return forwardToHolder({ cluster, lease: LEASE }, request, response);
      },
    });
    ends.push(() => server.close());
    const identity = `${componentIdentity()}_${ownAddress(listen, server.port)}`;
    let turn: Promise<void> = Promise.resolve();
    const elector = startElector(
      { ...host, cluster, name: LEASE, labels: {}, isPrompt: true, identity, ...(timing && { timing }) },
      {
        acquired(epoch) {
          log.write('info', 'this controller works', { epoch });
          state.leading = new AbortController();
          const { signal } = state.leading;
          turn = turn.then(() => lead(signal, log));
        },
        lost() {
          log.write('warn', 'this controller works no more', {});
          state.leading?.abort('lost');
          state.leading = undefined;
        },
      },
    );
    ends.push(async () => {
      state.isStopped = true;
      // While the lease is still held, so that what is under way can be written.
      state.leading?.abort('stopped');
      await turn;
      await elector.stop();
    });
    return server.port;
  });
}

interface State {
  leading: AbortController | undefined;
  term: Term | undefined;
  metrics: Metrics;
  readonly newMetrics: () => Metrics;
  isStopped: boolean;
}

type StartTerm = (metrics: Metrics, ends: Ends) => Promise<Term>;

/** Works from now on until the signal aborts. What cannot begin, since the API does not answer or lacks our kinds, is tried again. */
function leader(state: State, start: StartTerm): (signal: AbortSignal, log: ComponentOptions['log']) => Promise<void> {
  return async (signal, log) => {
    for (let failures = 0; !signal.aborted && !state.isStopped; failures++) {
      const ends: Ends = [];
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      try {
        state.metrics = state.newMetrics();
        state.term = await start(state.metrics, ends);
        if (!signal.aborted) await aborted;
      } catch (error) {
        log.write('error', 'the controller cannot begin its work, and tries again', { error: String(error) });
      }
      state.term = undefined;
      for (const end of ends.reverse()) await Promise.resolve(end()).catch(() => undefined);
      if (signal.aborted) return;
      const { initialMs, factor, maxMs } = CONTROLLER_BACKOFF;
      const timer = Promise.withResolvers<void>();
      hostClock.at(hostClock.now() + Math.min(maxMs, initialMs * factor ** failures), timer.resolve);
      await Promise.race([timer.promise, aborted]);
    }
  };
}
