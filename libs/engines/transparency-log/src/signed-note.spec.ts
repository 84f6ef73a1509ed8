/**
 * Goal: notes and checkpoints are those of c2sp.org, read and written. Method: the note and key that the documentation
 * of golang.org/x/mod/sumdb/note shows, the checkpoint of the C2SP text, round trips, and notes changed on purpose.
 */
import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { checkpointText, parseCheckpoint } from './checkpoint.js';
import { leafHash } from './hashes.js';
import { NoteSigner, NoteVerifier, publicKeyOf, readSigningKey } from './note-keys.js';
import { openNote, parseNote, signNote } from './signed-note.js';

const NEUMANN = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const NOTE =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const { privateKey } = generateKeyPairSync('ed25519');
const signer = new NoteSigner('kiki.example/log', privateKey);

describe('signed notes', () => {
  it('of others are verified', () => {
    const verifier = NoteVerifier.parse(NEUMANN);
    expect(verifier.text).toBe(NEUMANN);
    expect(openNote(NOTE, [verifier]).signers).toEqual([verifier]);
    expect(() => openNote(NOTE.replace('your', 'our'), [verifier])).toThrow('is wrong');
    expect(() => openNote(NOTE, [signer.verifier])).toThrow('No known key');
  });

  it('come back as they were signed, whatever the text', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const text = `${lines.join('\n')}\n`;
        const note = signNote(text, [signer]);
        expect(openNote(note, [signer.verifier]).text).toBe(text);
      }),
    );
  });

  it('keep signatures of unknown keys, but need a known one, also after a rotation', () => {
    const old = new NoteSigner(signer.verifier.name, generateKeyPairSync('ed25519').privateKey);
    const note = signNote('text\n', [signer, old]);
    expect(parseNote(note).signatures).toHaveLength(2);
    expect(openNote(note, [old.verifier]).signers).toEqual([old.verifier]);
    expect(openNote(note, [signer.verifier]).signers).toEqual([signer.verifier]);
  });

  it.each([
    ['no signature', 'text\n\n'],
    ['no empty line', 'text\n— a AAAAAAAA\n'],
    ['no final newline', NOTE.slice(0, -1)],
    ['another dash', NOTE.replace('—', '-')],
    ['a control character', NOTE.replace('your', 'yo\tur')],
    ['broken base64', NOTE.replace('nAM=', 'nAM')],
    ['a name with a plus', NOTE.replace('PeterNeumann', 'Peter+Neumann')],
  ])('with %s are refused', (_what, note) => {
    expect(() => parseNote(note)).toThrow(expect.objectContaining({ code: 'note_invalid' }));
  });

  it('need keys of the right kind', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const pem = (key: typeof privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(publicKeyOf(readSigningKey(pem(privateKey)))).toEqual(signer.verifier.publicKey);
    const refused = expect.objectContaining({ code: 'note_key_invalid' });
    expect(() => readSigningKey(pem(rsa))).toThrow(refused);
    expect(() => readSigningKey('no key')).toThrow(refused);
    expect(() => NoteVerifier.parse(NEUMANN.replace('c74f20a3', 'c74f20a4'))).toThrow(refused);
    expect(() => NoteVerifier.parse('x')).toThrow(refused);
    expect(() => new NoteSigner('a b', privateKey)).toThrow(refused);
  });
});

describe('checkpoints', () => {
  const TEXT =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

  it('are read and written byte for byte', () => {
    expect(parseCheckpoint(TEXT)).toMatchObject({
      origin: 'example.com/behind-the-sofa',
      size: 20852163,
    });
    expect(checkpointText(parseCheckpoint(TEXT))).toBe(TEXT);
    const empty = { origin: 'o', size: 0, root: leafHash('') };
    expect(parseCheckpoint(`${checkpointText(empty)}extension\n`)).toEqual(empty);
  });

  it.each([
    ['a leading zero', TEXT.replace('208', '0208')],
    ['no number', TEXT.replace('208', 'x')],
    ['a short hash', TEXT.replace('CsUY', '')],
    ['no origin', TEXT.replace('example.com/behind-the-sofa', '')],
    ['no end', TEXT.slice(0, -1)],
    ['an empty line', `${TEXT}\n`],
  ])('with %s are refused', (_what, text) => {
    expect(() => parseCheckpoint(text)).toThrow(expect.objectContaining({ code: 'note_invalid' }));
  });
});
