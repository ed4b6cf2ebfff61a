import { implementationClassUID, implementationVersionName } from '../dicom/uid.js';
import {
  applicationContextName,
  ContextResult,
  type AnsweredContext,
  type AssociateAC,
  type AssociateRJ,
  type AssociateRQ,
  type ProposedContext,
} from './pdu.js';
import { ProtocolError } from './protocol-error.js';
import { Rejections } from './rejection.js';
import type { PresentationContext, ServerOptions, SupportedContext } from './types.js';
import type { RoleSelection } from './user-information.js';

/** Room for one PDV header and a pair of bytes: no message could be sent to a peer that takes less. */
const smallestMaximumLength = 8;

/** What a peer that states no maximum length is taken to accept (it breaks PS3.7 D.3.3.1): what the oldest ones take. */
export const unstatedMaximumLength = 16_384;

export type Negotiated =
  | { readonly rejection: Omit<AssociateRJ, 'type'> }
  | { readonly answer: AssociateAC; readonly presentationContexts: readonly PresentationContext[] };

type Policy = Pick<
  ServerOptions,
  'aeTitle' | 'calledAETitles' | 'callingAETitles' | 'supportedContexts' | 'transferSyntaxPreference'
> & { readonly maxPDULength: number };

/**
 * Answers an A-ASSOCIATE-RQ by the node's policy.
 *
 * - An asynchronous operations window is answered with 1/1, its absence with its absence (PS3.7 D.3.3.3.2).
 * - Extended negotiations and user identities are accepted without an answer, as PS3.7 D.3.3.5 and D.3.3.7 have it for
 *   an acceptor that does not support them.
 *
 * @throws ProtocolError when the peer's maximum length leaves no room for a message
 */
export function negotiate(request: AssociateRQ, policy: Policy): Negotiated {
  if ((request.protocolVersion & 1) === 0) return { rejection: Rejections.ProtocolVersionNotSupported };
  if (request.applicationContextName !== applicationContextName) {
    return { rejection: Rejections.ApplicationContextNotSupported };
  }
  const called = policy.calledAETitles ?? [policy.aeTitle];
  if (called !== 'any' && !called.includes(request.calledAETitle)) {
    return { rejection: Rejections.CalledAETitleNotRecognized };
  }
  const calling = policy.callingAETitles ?? 'any';
  if (calling !== 'any' && !calling.includes(request.callingAETitle)) {
    return { rejection: Rejections.CallingAETitleNotRecognized };
  }
  checkMaximumLength(request.userInformation.maximumLength);
  const roleSelections = grantRoles(request.userInformation.roleSelections, policy.supportedContexts);
  const answered = request.presentationContexts.map((proposed) => answerContext(proposed, policy, roleSelections));
  const abstractSyntaxes = new Map(request.presentationContexts.map(({ id, abstractSyntax }) => [id, abstractSyntax]));
  return {
    answer: {
      type: 'associate-ac',
      protocolVersion: 1,
      calledAETitle: request.calledAETitle,
      callingAETitle: request.callingAETitle,
      applicationContextName,
      presentationContexts: answered,
      userInformation: {
        maximumLength: policy.maxPDULength,
        implementationClassUID,
        implementationVersionName,
        ...(request.userInformation.asynchronousOperationsWindow
          ? { asynchronousOperationsWindow: { invoked: 1, performed: 1 } }
          : {}),
        roleSelections,
        extendedNegotiations: [],
        commonExtendedNegotiations: [],
      },
    },
    presentationContexts: answered
      .filter(({ result }) => result === ContextResult.Acceptance)
      .map(({ id, transferSyntax }) => ({ id, abstractSyntax: abstractSyntaxes.get(id)!, transferSyntax })),
  };
}

/** @throws ProtocolError for a maximum length below 8; 0 is unlimited (PS3.8 D.1.1) */
export function checkMaximumLength(maximumLength: number | undefined): void {
  if (maximumLength !== undefined && maximumLength !== 0 && maximumLength < smallestMaximumLength) {
    throw new ProtocolError(`a maximum length of ${maximumLength} bytes`);
  }
}

/** What is granted is never more than what was proposed (PS3.7 D.3.3.4). */
function grantRoles(proposed: readonly RoleSelection[], supported: readonly SupportedContext[]): RoleSelection[] {
  return proposed.flatMap(({ SOPClassUID, scu, scp }) => {
    const context = supported.find(({ abstractSyntax }) => abstractSyntax === SOPClassUID);
    if (!context) return [];
    const roles = context.roles ?? { scu: true, scp: false };
    return [{ SOPClassUID, scu: scu && roles.scu, scp: scp && roles.scp }];
  });
}

function answerContext(proposed: ProposedContext, policy: Policy, roles: readonly RoleSelection[]): AnsweredContext {
  const refuse = (result: number): AnsweredContext => ({
    id: proposed.id,
    result,
    transferSyntax: proposed.transferSyntaxes[0],
  });
  const supported = policy.supportedContexts.find(({ abstractSyntax }) => abstractSyntax === proposed.abstractSyntax);
  if (!supported) return refuse(ContextResult.AbstractSyntaxNotSupported);
  const role = roles.find(({ SOPClassUID }) => SOPClassUID === proposed.abstractSyntax);
  if (role && !role.scu && !role.scp) return refuse(ContextResult.UserRejection);
  const [preferred, other] =
    policy.transferSyntaxPreference === 'acceptor'
      ? [supported.transferSyntaxes, proposed.transferSyntaxes]
      : [proposed.transferSyntaxes, supported.transferSyntaxes];
  const transferSyntax = preferred.find((uid) => other.includes(uid));
  if (transferSyntax === undefined) return refuse(ContextResult.TransferSyntaxesNotSupported);
  return { id: proposed.id, result: ContextResult.Acceptance, transferSyntax };
}
