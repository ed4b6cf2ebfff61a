import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommandSet, encodeCommandSet, type CommandSet } from '../../src/dimse/command-set.js';
import { ProtocolError } from '../../src/dimse/refusal.js';

/** C-ECHO-RQ by hand, after PS3.7 Table 9.3-12: class, field 0x0030, message 1, no data set. */
const echoRequest = Buffer.from(
  '0000000004000000' +
    '38000000' +
    '0000020012000000' +
    Buffer.from('1.2.840.10008.1.1\0').toString('hex') +
    '0000000102000000' +
    '3000' +
    '0000100102000000' +
    '0100' +
    '0000000802000000' +
    '0101',
  'hex',
);

const uid = fc.stringMatching(/^[0-9.]{1,64}$/);
const unsigned = fc.nat(0xffff);
const tags = fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 5 });
const optional = <T>(key: keyof CommandSet, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((given) => (given === undefined ? {} : { [key]: given }));
const commandSet = fc
  .tuple(
    fc.record({ CommandField: unsigned, CommandDataSetType: unsigned }),
    optional('AffectedSOPClassUID', uid),
    optional('RequestedSOPInstanceUID', uid),
    optional('MessageID', unsigned),
    optional('Status', unsigned),
    optional('OffendingElement', tags),
    optional('AttributeIdentifierList', tags),
    optional('ErrorComment', fc.stringMatching(/^[!-~]([ -~]{0,62}[!-~])?$/)),
    optional('MoveDestination', fc.stringMatching(/^[A-Z0-9]{1,16}$/)),
    optional('NumberOfRemainingSuboperations', unsigned),
  )
  .map((parts) => Object.assign({}, ...parts) as CommandSet);

describe('command set', () => {
  it('writes a C-ECHO-RQ as in PS3.7', () => {
    const command = {
      AffectedSOPClassUID: '1.2.840.10008.1.1',
      CommandField: 0x0030,
      MessageID: 1,
      CommandDataSetType: 0x0101,
    };
    expect(encodeCommandSet(command)).toEqual(echoRequest);
    expect(decodeCommandSet(echoRequest)).toEqual(command);
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(commandSet, (command) => {
        expect(decodeCommandSet(encodeCommandSet(command))).toEqual(command);
      }),
      { numRuns: 300 },
    );
  });

  it('truncates an ErrorComment to the 64 characters of LO', () => {
    const command = { CommandField: 0x8001, CommandDataSetType: 0x0101, Status: 0xa700, ErrorComment: 'x'.repeat(200) };
    expect(decodeCommandSet(encodeCommandSet(command)).ErrorComment).toBe('x'.repeat(64));
  });

  it.each([
    ['an element of another group', '08000000' + '00000000'],
    ['a length beyond the end', '00000001' + 'ffffffff'],
    ['half an element', '00000001'],
    ['a US of four bytes', '00000001' + '04000000' + '30000000'],
    ['no CommandField', '00000008' + '02000000' + '0101'],
    ['nothing', ''],
  ])('refuses %s', (_, hex) => {
    expect(() => decodeCommandSet(Buffer.from(hex, 'hex'))).toThrow(ProtocolError);
  });
});
