import { systemRandom } from '../../src/app/system-random.js';
import { systemTime } from '../../src/app/system-time.js';
import type { FleetEngine } from '../../src/engines/fleet/engine.js';
import { PortalApplication } from '../../src/portal/portal.js';
import { aloneEngine } from '../support/alone.js';
import { fixed, percentile, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const STUDENTS = 10_000;
const CLASSES = 500;
const CLASSES_PER_STUDENT = 5;
const REPORTS = 500;
const SCANS = 20;

/** How long the portal's reports take, beside looking at every enrolment there is. */
export async function portal(): Promise<Table[]> {
  const engine = await aloneEngine();
  const { registries, enrolment } = new PortalApplication({
    ...{ engine, origin: engine.origin, time: systemTime, random: systemRandom },
  });
  const places = 2 * ((STUDENTS * CLASSES_PER_STUDENT) / CLASSES);
  for (let i = 0; i < CLASSES; i++) {
    await registries.disciplinas.create({ sigla: sigla(i), nome: `Disciplina ${i}`, vagas: places });
    await registries.professores.create({ siape: siape(i), nome: `Professor ${i}` });
    await enrolment.addProfessor(sigla(i), siape(i));
  }
  for (let i = 0; i < STUDENTS; i++)
    await registries.alunos.create({ matricula: matricula(i), nome: `Aluno ${i}` });
  const enrolMs = await each(STUDENTS, async (i) => {
    for (let k = 0; k < CLASSES_PER_STUDENT; k++)
      await enrolment.addAluno(sigla((i + k * 97) % CLASSES), matricula(i));
  });
  const perClass = (STUDENTS * CLASSES_PER_STUDENT) / CLASSES;
  const random = (count: number): number => Math.floor(systemRandom.next() * count);
  const classMs = await each(REPORTS, async () => {
    const report = await enrolment.detail(sigla(random(CLASSES)));
    if (report?.alunos.length !== perClass) throw new Error('a report is not whole');
  });
  const studentMs = await each(REPORTS, async () => {
    const rows = [];
    for await (const row of enrolment.ofAluno(matricula(random(STUDENTS))))
      if (row !== undefined) rows.push(row);
    if (rows.length !== CLASSES_PER_STUDENT) throw new Error('a report is not whole');
  });
  const scanMs = await each(SCANS, () => {
    if (scan(engine, sigla(random(CLASSES))) !== perClass) throw new Error('a scan is not whole');
    return Promise.resolve();
  });
  const row = (name: string, ms: readonly number[]): string[] => [
    name,
    fixed(percentile(ms, 0.5), 2),
    fixed(percentile(ms, 0.99), 2),
  ];
  return [
    {
      title: `The portal with ${whole(STUDENTS)} students in ${whole(CLASSES)} classes, ${whole(STUDENTS * CLASSES_PER_STUDENT)} enrolments`,
      columns: ['On the fleet engine', 'p50 ms', 'p99 ms'],
      rows: [
        row(`a class with its ${perClass} students`, classMs),
        row(`the ${CLASSES_PER_STUDENT} classes of a student`, studentMs),
        row(`enrolling a student in ${CLASSES_PER_STUDENT} classes`, enrolMs),
        row('naive: every enrolment looked at, for one class', scanMs),
      ],
      notes: [
        'Within the server, without gRPC. Classes and students at random; classes fill from empty while students enrol.',
        'Checked: every report has all its rows.',
      ],
    },
  ];
}

/** What a report would do without the order of keys: look at every enrolment. */
function scan(engine: FleetEngine, wanted: string): number {
  let found = 0;
  for (const row of engine.store.values()) {
    if (
      row?.key.startsWith('portal/inscricao/') !== true ||
      !row.key.startsWith(`portal/inscricao/${wanted}/`)
    )
      continue;
    const student = engine.store.getAt(`portal/aluno/${row.key.split('/').at(-1) ?? ''}`);
    if (student !== undefined) found++;
  }
  return found;
}

async function each(count: number, work: (i: number) => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await work(i);
    taken.push(performance.now() - start);
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return taken;
}

function sigla(i: number): string {
  return `GBC${String(i).padStart(3, '0')}`;
}

function siape(i: number): string {
  return String(1_000_000 + i);
}

function matricula(i: number): string {
  return `11921BSI${String(i).padStart(5, '0')}`;
}
