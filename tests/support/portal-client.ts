import { DoorClient, loadService } from './door-client.js';

const adminDefinition = loadService('portal.proto', 'project.PortalAdministrativo');
const enrolmentDefinition = loadService('portal.proto', 'project.PortalMatricula');

/** `Status`, and the code in the trailing metadata. */
export interface Status {
  readonly status: number;
  readonly msg: string;
  readonly codigo: string | undefined;
}

export interface Aluno {
  readonly matricula: string;
  readonly nome: string;
}

export interface Professor {
  readonly siape: string;
  readonly nome: string;
}

export interface Disciplina {
  readonly sigla: string;
  readonly nome: string;
  readonly vagas: number;
}

export interface Relatorio {
  readonly disciplina: Disciplina | null;
  readonly professor: Professor | null;
  readonly alunos: readonly Aluno[];
}

export interface Resumo {
  readonly disciplina: Disciplina | null;
  readonly professor: Professor | null;
  readonly totalAlunos: number;
}

/** A client of both services of the portal for tests, on one port or on two. It shares nothing with the server. */
export class PortalClient {
  readonly admin: DoorClient;
  readonly enrolment: DoorClient;

  constructor(adminPort: number, enrolmentPort = adminPort) {
    this.admin = new DoorClient(adminDefinition, adminPort);
    this.enrolment = new DoorClient(enrolmentDefinition, enrolmentPort);
  }

  close(): void {
    this.admin.close();
    this.enrolment.close();
  }

  /** A change by its RPC: `NovoAluno`, `EditaDisciplina`, `AdicionaProfessor`, … */
  change(name: string, message: object): Promise<Status> {
    return changeOn(
      name in adminDefinition && !isEnrolment(message) ? this.admin : this.enrolment,
      name,
      message,
    );
  }

  aluno(matricula: string, nome: string): Promise<Status> {
    return this.change('NovoAluno', { matricula, nome });
  }

  professor(siape: string, nome: string): Promise<Status> {
    return this.change('NovoProfessor', { siape, nome });
  }

  disciplina(sigla: string, nome: string, vagas: number): Promise<Status> {
    return this.change('NovaDisciplina', { sigla, nome, vagas });
  }

  matricula(disciplina: string, idPessoa: string): Promise<Status> {
    return this.change('AdicionaAluno', { disciplina, idPessoa });
  }

  /** `ObtemAluno`, `ObtemProfessor`, `ObtemDisciplina`. */
  async get<T>(name: string, id: string): Promise<T> {
    return (await this.admin.unary<T>(name, { id })).resposta;
  }

  /** `ObtemTodosAlunos`, … */
  all<T>(name: string): Promise<T[]> {
    return this.admin.collect<T>(name, {});
  }

  async detail(id: string): Promise<Relatorio> {
    return (await this.enrolment.unary<Relatorio>('DetalhaDisciplina', { id })).resposta;
  }

  ofProfessor(id: string): Promise<Relatorio[]> {
    return this.enrolment.collect('ObtemDisciplinasProfessor', { id });
  }

  ofAluno(id: string): Promise<Resumo[]> {
    return this.enrolment.collect('ObtemDisciplinasAluno', { id });
  }

  /** The identifiers of a class's students, in the order of the report. */
  async roster(sigla: string): Promise<string[]> {
    return (await this.detail(sigla)).alunos.map(({ matricula }) => matricula);
  }

  /** Everything that the portal says, for comparisons. */
  async everything(): Promise<object> {
    const alunos = await this.all<Aluno>('ObtemTodosAlunos');
    const professores = await this.all<Professor>('ObtemTodosProfessores');
    const disciplinas = await this.all<Disciplina>('ObtemTodasDisciplinas');
    const each = <T, U>(items: T[], ask: (item: T) => Promise<U>): Promise<U[]> =>
      Promise.all(items.map(ask));
    return {
      alunos,
      professores,
      disciplinas,
      relatorios: await each(disciplinas, ({ sigla }) => this.detail(sigla)),
      doProfessor: await each(professores, ({ siape }) => this.ofProfessor(siape)),
      doAluno: await each(alunos, ({ matricula }) => this.ofAluno(matricula)),
    };
  }
}

/** `RemoveAluno` and `RemoveProfessor` exist in both services. */
function isEnrolment(message: object): boolean {
  return 'idPessoa' in message;
}

async function changeOn(client: DoorClient, name: string, message: object): Promise<Status> {
  const { resposta, erro } = await client.unary<{ status: number; msg: string }>(name, message);
  return { ...resposta, codigo: erro?.split(':')[0] };
}
