import { portalLimits } from './limits.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { clear, ofAluno, ofDisciplina } from './dependents.js';
import type { ConflictRetries } from './attempts.js';
import { ALUNOS, classesOfAluno, DISCIPLINAS, INSCRICOES, enrolmentsOf, partsOfEnrolment } from './layout.js';
import { withinPlaces } from './reading.js';
import type { PortalReading } from './reading.js';
import { DISCIPLINA } from './records.js';

interface SeatReconcilerOptions {
  readonly reading: PortalReading;
  readonly attempts: ConflictRetries;
  /** Whether this server is the one that undoes enrolments. */
  readonly acts: () => boolean;
  /** Called for every enrolment undone because the class had no place left for it. */
  readonly onExcess: (sigla: string, matricula: string) => void;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Repairs the effects of servers that could not see each other: enrolments beyond the places of a class (the earliest
 * stay: see {@link withinPlaces}), and enrolments of students or classes that another server had removed. Every
 * server reaches the same result from the same data, and shows it in its reports; one of them, the gateway, removes
 * the excess.
 */
export class SeatReconciler {
  private readonly classes = new Set<string>();
  private readonly alunos = new Set<string>();
  private everything = false;
  private scheduled = false;
  private stopped = false;

  constructor(private readonly options: SeatReconcilerOptions) {}

  /** A key was written. */
  inserted(key: string): void {
    const sigla = partsOfEnrolment(key)?.sigla ?? idAfter(DISCIPLINAS, key);
    if (sigla !== undefined) this.note(this.classes, sigla);
  }

  /** A key was removed. */
  removed(key: string): void {
    const sigla = idAfter(DISCIPLINAS, key);
    const matricula = idAfter(ALUNOS, key);
    if (sigla !== undefined) this.note(this.classes, sigla);
    if (matricula !== undefined) this.note(this.alunos, matricula);
  }

  /** Checks everything: anything may be wrong. */
  suspectEverything(): void {
    this.everything = true;
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
  }

  private note(set: Set<string>, id: string): void {
    if (!this.options.acts()) return;
    if (set.size >= portalLimits.sweepItems) this.everything = true;
    else set.add(id);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.options.time.after(portalLimits.sweepMs, () => {
      this.sweep()
        .catch((thrown: unknown) => {
          // The engine may not serve now. The next server to act checks everything.
          this.options.logger.warn({ erro: String(thrown) }, 'portal: conferência das vagas interrompida');
        })
        .finally(() => {
          this.scheduled = false;
          if (this.everything || this.classes.size > 0 || this.alunos.size > 0) this.schedule();
        });
    });
  }

  private async sweep(): Promise<void> {
    const { reading, attempts, acts } = this.options;
    const all = this.everything;
    const classes = new Set(this.classes);
    const alunos = new Set(this.alunos);
    this.everything = false;
    this.classes.clear();
    this.alunos.clear();
    if (all) {
      for await (const row of reading.under(INSCRICOES)) {
        const parts = row && partsOfEnrolment(row.key);
        if (parts !== undefined) classes.add(parts.sigla);
      }
    }
    for (const matricula of alunos) {
      if (!acts()) return;
      if ((await reading.version(ALUNOS + matricula)) > 0) continue;
      await clear(reading, attempts, ofAluno, matricula);
    }
    for (const sigla of classes) {
      if (!acts()) return;
      await this.look(sigla);
    }
  }

  private async look(sigla: string): Promise<void> {
    const { reading, attempts, logger, onExcess } = this.options;
    const { version, record: disciplina } = await reading.find(DISCIPLINA, sigla);
    if (version === 0) return clear(reading, attempts, ofDisciplina, sigla);
    if (disciplina === undefined) return;
    const listed = await reading.list(enrolmentsOf(sigla));
    const seats = await reading.seats(sigla);
    const alive = new Set(seats.map(({ matricula }) => matricula));
    const within = new Set(withinPlaces(seats, disciplina).map(({ matricula }) => matricula));
    for (const { id: matricula, row } of listed) {
      if (within.has(matricula)) continue;
      if (!(await this.undo(sigla, matricula, row.key, row.version)) || !alive.has(matricula)) continue;
      logger.warn(
        { disciplina: sigla, aluno: matricula, vagas: disciplina.vagas },
        'matrícula desfeita: servidores que não se viam deram a mesma vaga, e esta foi a última',
      );
      onExcess(sigla, matricula);
    }
  }

  /** @returns whether the enrolment was unchanged, and is gone now */
  private async undo(sigla: string, matricula: string, key: string, version: number): Promise<boolean> {
    const mirror = classesOfAluno(matricula) + sigla;
    return await this.options.reading.engine.write({
      kind: 'commit',
      guards: [{ key, version }],
      writes: [
        { kind: 'removeAll', key },
        { kind: 'removeAll', key: mirror },
      ],
    });
  }
}

function idAfter(prefix: string, key: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}
