import { applicationContextName, type AssociateAC, type AssociateRQ } from '../../src/dimse/pdu.js';
import type { RawPeer } from './raw-peer.js';

/** Accepts what a requestor proposes, with each context's first transfer syntax; returns the proposal. */
export async function accept(
  peer: RawPeer,
  changes: (answer: AssociateAC) => AssociateAC = (answer) => answer,
): Promise<AssociateRQ> {
  const proposal = (await peer.next()) as AssociateRQ;
  peer.send(
    changes({
      type: 'associate-ac',
      protocolVersion: 1,
      calledAETitle: proposal.calledAETitle,
      callingAETitle: proposal.callingAETitle,
      applicationContextName,
      presentationContexts: proposal.presentationContexts.map(({ id, transferSyntaxes }) => ({
        id,
        result: 0,
        transferSyntax: transferSyntaxes[0],
      })),
      userInformation: {
        maximumLength: 16_384,
        roleSelections: [],
        extendedNegotiations: [],
        commonExtendedNegotiations: [],
      },
    }),
  );
  return proposal;
}
