/** What contracts of versioned values say of several servers. */
export const SAME_DATA = 'O que é escrito num servidor aparece nos outros, com a mesma versão.';
