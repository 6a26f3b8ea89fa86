import { describe, expect, it } from 'vitest';
import { secretOf } from '../../security/access/support.js';
import type { PanelPage } from '../panel-page.js';
import type { PanelStand } from '../stand.js';

const tokenOf = (name: string): string => `kvs_${name}.${secretOf(name)}`;

async function logIn(panel: PanelPage, token: string): Promise<void> {
  await panel.page.fill('#token', token);
  await panel.press('Entrar');
}

export function accessSection(open: () => PanelStand): void {
  describe('with credentials', () => {
    it('the page asks for a token, keeps it in memory alone, and forgets it on request', async () => {
      const stand = open();
      const panel = await stand.page(stand.guarded.doors);
      await panel.says('#login-title', 'Este servidor pede uma credencial');
      expect(await panel.axe()).toEqual([]);
      expect(await panel.page.evaluate('document.activeElement.id')).toBe('token');
      await logIn(panel, tokenOf('ana').replace(/.$/, '-'));
      await panel.says('#login-refused', 'O token não foi aceito');
      await logIn(panel, tokenOf('rui'));
      await panel.live();
      await panel.says('.who', /rui.*\(administracao\)/s);
      const kept = await panel.page.evaluate<string>(
        'JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, location.href])',
      );
      expect(kept).not.toContain(secretOf('rui'));
      await panel.press('Sair');
      await panel.says('#login-title', 'credencial');
      expect(await panel.page.locator('.card').count()).toBe(0);
      await panel.page.reload();
      await panel.says('#login-title', 'credencial');
      await panel.close();
    });

    it('a reader of one prefix sees it, may not write, and is told why; a refusal is shown as text', async () => {
      const stand = open();
      const panel = await stand.page(stand.guarded.doors);
      await logIn(panel, tokenOf('ana'));
      await panel.live();
      await panel.view('chaves');
      expect(await panel.page.inputValue('input[type=search]')).toBe('a/');
      await panel.says('.list-foot', '1 chave');
      await panel.openKey('a/1');
      await panel.says('.value', 'valor de ana');
      await panel.says('.write .note', 'O papel leitura só lê');
      expect(await panel.page.isDisabled('.write textarea')).toBe(true);
      expect(await panel.page.getByRole('button', { name: 'Remover a chave' }).isDisabled()).toBe(true);
      await panel.openKey('b/1');
      await panel.says('.keys-pane .note.bad', /Recusado.*NAO_AUTORIZADO/s);
      expect(await panel.text('body')).not.toContain('valor de outrem');
      await panel.page.fill('input[type=search]', 'b/');
      await panel.says('.keys-list', /Recusado.*NAO_AUTORIZADO/s);
      await panel.view('eventos');
      await panel.says('main', 'O log do servidor só é mostrado a quem administra');
      await panel.close();
    });

    it('a writer writes, but not what belongs to the servers', async () => {
      const stand = open();
      const panel = await stand.page(stand.guarded.doors);
      await logIn(panel, tokenOf('bia'));
      await panel.live();
      await panel.view('chaves');
      await panel.openKey('a/2');
      await panel.page.fill('.write textarea', 'de bia');
      await panel.press('Gravar', '.write');
      await panel.says('.outcome', 'Gravada a versão 1');
      await panel.openKey('$kvs/x');
      await panel.says('.write .note', 'são dos próprios servidores');
      await panel.close();
    });

    it.each([
      // Who, its role, whether it reads all keys, whether it writes them, whether it sees the log.
      ['bia', 'escrita', true, true, false],
      ['rui', 'administracao', true, true, true],
      ['no3', 'servidor', false, false, false],
    ] as const)('%s, of role %s, sees and may do what the guide says', async (name, role, ...may) => {
      const [reads, writes, administers] = may;
      const stand = open();
      const panel = await stand.page(stand.guarded.doors);
      await logIn(panel, tokenOf(name));
      await panel.live();
      await panel.says('.who', `(${role})`);
      await panel.says('.facts dd', '12.345');
      await panel.view('numeros');
      await panel.says('.plot', 'Chamadas');
      await panel.view('eventos');
      const isRefused = 'O log do servidor só é mostrado a quem administra';
      expect(await panel.page.locator('main', { hasText: isRefused }).count()).toBe(administers ? 0 : 1);
      await panel.view('chaves');
      if (reads) {
        await panel.openKey('b/1');
        await panel.says('.value', 'valor de outrem');
        expect(await panel.page.isEnabled('.write textarea')).toBe(writes);
      } else {
        await panel.says('.keys-list', /Recusado.*NAO_AUTORIZADO/s);
        await panel.openKey('b/1');
        await panel.says('.write .note', 'Esta credencial é de um servidor: não lê nem grava chaves.');
        expect(await panel.text('body')).not.toContain('valor de');
      }
      await panel.close();
    });
  });
}
