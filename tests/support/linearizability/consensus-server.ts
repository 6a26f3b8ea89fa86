import { ensureBuilt } from '../e2e-build.js';
import { eventually } from '../eventually.js';
import { freePort } from '../net.js';
import { KvsClient } from '../kvs-client.js';
import { runKvs } from '../server-process.js';
import { DoorSubject } from './door-subject.js';
import type { Outcome, Request } from './history.js';
import type { Subject } from './recorder.js';

const START_MS = 60_000;

/** A real server over etcd members, in a process of its own, and clients of it. */
export class ConsensusServer implements Subject {
  private run: ReturnType<typeof runKvs> | undefined;
  private subject: DoorSubject | undefined;

  private constructor(
    private readonly port: number,
    private readonly args: readonly string[],
  ) {}

  /** @param deadlineMs after which a call without an answer from the members fails */
  static async start(members: readonly string[], deadlineMs: number): Promise<ConsensusServer> {
    await ensureBuilt();
    const replicas = members.flatMap((member) => ['--replicas', member]);
    const server = new ConsensusServer(await freePort(), [
      ...['--motor', 'consenso', '--prazo-consenso', String(deadlineMs)],
      ...replicas,
    ]);
    await server.restart();
    return server;
  }

  async restart(): Promise<void> {
    await this.kill9();
    const run = (this.run = runKvs(['servidor', String(this.port), ...this.args]));
    const asker = new KvsClient(this.port);
    await eventually(
      `the server on port ${this.port} answers`,
      () => {
        if (run.child.exitCode !== null) throw new Error(`it ended: ${run.plain.join('\n')}`);
        return asker.health().then(() => true);
      },
      START_MS,
    ).finally(() => asker.close());
    this.subject = new DoorSubject(this.port);
  }

  perform(key: string, request: Request): Promise<Outcome> {
    // Between two lives nobody is there to take a request.
    return this.subject?.perform(key, request) ?? Promise.resolve({ kind: 'failed' });
  }

  async kill9(): Promise<void> {
    const { run, subject } = this;
    this.run = undefined;
    this.subject = undefined;
    run?.child.kill('SIGKILL');
    await run?.ended;
    // Only now: its calls must end by themselves.
    subject?.close();
  }

  freeze(): void {
    this.run?.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.run?.child.kill('SIGCONT');
  }
}
