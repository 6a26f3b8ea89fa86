import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine, Stream, CommitWrite } from '../../../../src/ports/engine.js';
import { classesOfAluno, enrolmentKey } from '../../../../src/portal/layout.js';
import { PortalApplication } from '../../../../src/portal/portal.js';
import { encodeEnrolment, NOTHING } from '../../../../src/portal/records.js';
import { MemoryEngine } from '../../../support/memory-engine.js';
import { live, reborn, STEPS } from '../../../support/mortal-journal.js';
import { realRandom, realTime } from '../../../support/real-time.js';
import { verbs } from '../../../support/verbs.js';

/** More classes than one commit takes out with their student. */
const CLASSES = Array.from({ length: 16 }, (_, i) => `GBC0${String(10 + i)}`);
const [FIRST = '', SECOND = ''] = CLASSES;
const ANA = { matricula: 'aluno-ana', nome: 'Ana Maria' };
const BIA = { matricula: 'aluno-bia', nome: 'Beatriz' };
const PAULO = { siape: '1234567', nome: 'Paulo' };

function portalOn(engine: Engine): PortalApplication {
  return new PortalApplication({ engine, origin: 'oMorto', time: realTime, random: realRandom });
}

/** Each is one change of the portal, or what its changes come to. */
const SCRIPT: readonly ((portal: PortalApplication, engine: Engine) => unknown)[] = [
  (_, engine) =>
    verbs(engine).commit({
      guards: [],
      writes: CLASSES.map((sigla): CommitWrite => ({
        kind: 'insert',
        key: `portal/disciplina/${sigla}`,
        value: JSON.stringify({ acao: 'create', nome: 'Sistemas', vagas: 2 }),
      })),
    }),
  ({ registries }) => registries.alunos.create(ANA),
  ({ registries }) => registries.professores.create(PAULO),
  ({ registries }) => registries.alunos.create(BIA),
  // Ana is in all classes but the last, where the portal enrols her.
  (_, engine) =>
    verbs(engine).commit({
      guards: [],
      writes: CLASSES.slice(0, -1).flatMap((sigla): CommitWrite[] => [
        { kind: 'insert', key: enrolmentKey(sigla, ANA.matricula), value: encodeEnrolment('oMorto') },
        { kind: 'insert', key: classesOfAluno(ANA.matricula) + sigla, value: NOTHING },
      ]),
    }),
  ({ enrolment }) => enrolment.addAluno(CLASSES.at(-1) ?? '', ANA.matricula),
  ({ enrolment }) => enrolment.addProfessor(FIRST, PAULO.siape),
  ({ enrolment }) => enrolment.addProfessor(SECOND, PAULO.siape),
  ({ enrolment }) => enrolment.addAluno(FIRST, BIA.matricula),
  ({ registries }) => registries.alunos.update({ ...BIA, nome: 'Bia de novo' }),
  ({ enrolment }) => enrolment.removeProfessor(SECOND, PAULO.siape),
  ({ enrolment }) => enrolment.removeAluno(SECOND, ANA.matricula),
  ({ registries }) => registries.alunos.remove(ANA.matricula),
  ({ registries }) => registries.alunos.create(ANA),
  ({ enrolment }) => enrolment.addAluno(FIRST, ANA.matricula),
  ({ registries }) => registries.professores.remove(PAULO.siape),
  ({ registries }) => registries.disciplinas.remove(FIRST),
];

/** Every report. */
async function seen({ registries, enrolment }: PortalApplication): Promise<string> {
  const classes = await all(registries.disciplinas.all());
  const reports = {
    alunos: await all(registries.alunos.all()),
    professores: await all(registries.professores.all()),
    turmas: await Promise.all(classes.map(({ sigla }) => enrolment.detail(sigla))),
    deAna: await all(enrolment.ofAluno(ANA.matricula)),
    deBia: await all(enrolment.ofAluno(BIA.matricula)),
    dePaulo: await all(enrolment.ofProfessor(PAULO.siape)),
  };
  return JSON.stringify(reports, undefined, 1);
}

async function all<T>(rows: Stream<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) if (row !== undefined) found.push(row);
  return found;
}

async function truths(): Promise<readonly string[]> {
  const engine = new MemoryEngine();
  const portal = portalOn(engine);
  const after = [await seen(portal)];
  for (const change of SCRIPT) {
    await change(portal, engine);
    after.push(await seen(portal));
  }
  return after;
}

describe('a portal killed at each step of each change', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-portal-passos-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it(
    'has after its restart all of the change or nothing of it, and all that was answered',
    { timeout: 90_000 },
    async () => {
      const expected = await truths();
      const killedAt = new Set<string>();
      for (let step = 0, finished = false; !finished; step++) {
        const path = join(folder, String(step));
        let answered = 0;
        const life = await live(path, 'oMorto', step, async (engine) => {
          const portal = portalOn(engine);
          for (const change of SCRIPT) {
            await change(portal, engine);
            answered++;
          }
        });
        finished = life.over === 'done';
        if (life.killedAt !== undefined) killedAt.add(life.killedAt);
        const where = `step ${step}, ${life.killedAt ?? 'not killed'}, ${answered} answered`;

        const after = await reborn(path, 'oNovo');
        const portal = portalOn(after);
        const now = await seen(portal);
        expect(expected.slice(answered, answered + 2), where).toContain(now);
        // What a removal that was cut short has left does not come back with the name.
        const { alunos } = portal.registries;
        if ((await alunos.get(ANA.matricula)) === undefined) {
          await alunos.create(ANA);
          expect(await all(portal.enrolment.ofAluno(ANA.matricula)), where).toEqual([]);
        }
        await after.stop();
      }
      expect([...killedAt].sort()).toEqual(STEPS);
    },
  );
});
