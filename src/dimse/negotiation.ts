import { implementationClassUID, implementationVersionName } from '../dicom/uid.js';
import {
  applicationContextName,
  ContextResult,
  type AnsweredContext,
  type AssociateAC,
  type AssociateRQ,
  type ProposedContext,
} from './pdu.js';
import { defaultRoles, type PresentationContext, type Roles } from './association-info.js';
import type { AssociateHeader } from './pdu-decoder.js';
import { ProtocolError, Rejections, type Rejection } from './refusal.js';
import type { ServerOptions, SupportedContext } from './server-options.js';
import type { RoleSelection, UserIdentity } from './pdu.js';

/** Room for one PDV header and a pair of bytes: no message can be sent to a peer that accepts less. */
const smallestMaximumLength = 8;

/**
 * What a peer that states no maximum length is assumed to accept (it violates PS3.7 D.3.3.1): what the oldest peers
 * accept.
 */
export const unstatedMaximumLength = 16_384;

export type Negotiated =
  | { readonly rejection: Rejection }
  | { readonly answer: AssociateAC; readonly presentationContexts: readonly PresentationContext[] };

type Policy = Pick<ServerOptions, 'aeTitle' | 'calledAETitles' | 'callingAETitles' | 'supportedContexts'> & {
  readonly maxPDULength: number;
};

/** The answer to a peer that we do not serve, or null: known from the fixed fields of the request alone. */
export function screen(header: AssociateHeader, policy: Policy): Rejection | null {
  if ((header.protocolVersion & 1) === 0) return Rejections.ProtocolVersionNotSupported;
  const called = policy.calledAETitles ?? [policy.aeTitle];
  if (called !== 'any' && !called.includes(header.calledAETitle)) return Rejections.CalledAETitleNotRecognized;
  const calling = policy.callingAETitles ?? 'any';
  if (calling !== 'any' && !calling.includes(header.callingAETitle)) return Rejections.CallingAETitleNotRecognized;
  return null;
}

/**
 * Answers an A-ASSOCIATE-RQ that has passed {@link screen}, by the node's policy. Of the transfer syntaxes of a
 * context, the first proposed one that we support is accepted, so that what a sender prefers is stored as received.
 *
 * - An asynchronous operations window is answered with 1/1, its absence with its absence (PS3.7 D.3.3.3.2).
 * - Extended negotiations and user identities are accepted without an answer, as PS3.7 D.3.3.5 and D.3.3.7 require of
 *   an acceptor that does not support them.
 *
 * @throws ProtocolError if the peer's maximum length leaves no room for a message
 */
export function negotiate(request: AssociateRQ, policy: Policy): Negotiated {
  if (request.applicationContextName !== applicationContextName) {
    return { rejection: Rejections.ApplicationContextNotSupported };
  }
  checkMaximumLength(request.userInformation.maximumLength);
  const supported = new Map(policy.supportedContexts.map((context) => [context.abstractSyntax, context]));
  const roles = grantRoles(request, supported);
  const answered = request.presentationContexts.map((proposed) => answerContext(proposed, supported, roles));
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
        roleSelections: [...roles.values()],
        extendedNegotiations: [],
        commonExtendedNegotiations: [],
      },
    },
    presentationContexts: answered
      .filter(({ result }) => result === ContextResult.Acceptance)
      .map(({ id, transferSyntax }) => {
        const abstractSyntax = abstractSyntaxes.get(id)!;
        const { scu, scp } = roles.get(abstractSyntax) ?? defaultRoles;
        return { id, abstractSyntax, transferSyntax, requestorRoles: { scu, scp } };
      }),
  };
}

/** What a requestor proposes. */
export interface Proposal {
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  /**
   * At most 128 (their ids are the odd numbers of a byte); each is accepted with one of its transfer syntaxes, or not
   * at all.
   */
  readonly presentationContexts: readonly Omit<ProposedContext, 'id'>[];
  /** Roles other than SCU that we want, e.g. SCP of storage, to get instances by C-GET. */
  readonly roleSelections?: readonly RoleSelection[];
  readonly userIdentity?: UserIdentity;
  /** Requests of ours that we want to have under way at once; 0 is as many as the peer allows. [1] */
  readonly maxOperationsInvoked?: number;
}

/** The A-ASSOCIATE-RQ that proposes `wanted`. */
export function proposalOf(wanted: Proposal & { readonly maxPDULength: number }): AssociateRQ {
  const { maxOperationsInvoked: invoked = 1 } = wanted;
  return {
    type: 'associate-rq',
    protocolVersion: 1,
    calledAETitle: wanted.calledAETitle,
    callingAETitle: wanted.callingAETitle,
    applicationContextName,
    presentationContexts: wanted.presentationContexts.map((context, index) => ({ id: 2 * index + 1, ...context })),
    userInformation: {
      maximumLength: wanted.maxPDULength,
      implementationClassUID,
      implementationVersionName,
      roleSelections: wanted.roleSelections ?? [],
      extendedNegotiations: [],
      commonExtendedNegotiations: [],
      ...(invoked === 1 ? {} : { asynchronousOperationsWindow: { invoked, performed: 1 } }),
      ...(wanted.userIdentity ? { userIdentity: wanted.userIdentity } : {}),
    },
  };
}

/**
 * What an answer accepts of our proposal.
 *
 * @throws ProtocolError if it accepts what was not proposed, or its maximum length leaves no room for a message
 */
export function acceptedContexts(proposed: AssociateRQ, answer: AssociateAC): PresentationContext[] {
  checkMaximumLength(answer.userInformation.maximumLength);
  return answer.presentationContexts
    .filter(({ result }) => result === ContextResult.Acceptance)
    .map(({ id, transferSyntax }) => {
      const context = proposed.presentationContexts.find((candidate) => candidate.id === id);
      if (!context?.transferSyntaxes.includes(transferSyntax)) {
        throw new ProtocolError(`context ${id} is accepted with what was not proposed`);
      }
      const { abstractSyntax } = context;
      return { id, abstractSyntax, transferSyntax, requestorRoles: rolesGranted(abstractSyntax, proposed, answer) };
    });
}

/** Requests of the requestor that may be under way at once, 0 for any number; one where it was not negotiated. */
export function windowOf(proposed: AssociateRQ, answer: AssociateAC): number {
  const wanted = proposed.userInformation.asynchronousOperationsWindow?.invoked ?? 1;
  const allowed = answer.userInformation.asynchronousOperationsWindow?.invoked ?? 1;
  return wanted === 0 || allowed === 0 ? Math.max(wanted, allowed) : Math.min(wanted, allowed);
}

/** What was both proposed and granted; a role selection that is not answered has not been taken up (PS3.7 D.3.3.4). */
function rolesGranted(abstractSyntax: string, proposed: AssociateRQ, answer: AssociateAC): Roles {
  const of = ({ userInformation }: AssociateRQ | AssociateAC) =>
    userInformation.roleSelections.find(({ SOPClassUID }) => SOPClassUID === abstractSyntax);
  const [ours, theirs] = [of(proposed), of(answer)];
  if (!ours || !theirs) return defaultRoles;
  return { scu: ours.scu && theirs.scu, scp: ours.scp && theirs.scp };
}

/** @throws ProtocolError for a maximum length below 8; 0 is unlimited (PS3.8 D.1.1) */
function checkMaximumLength(maximumLength: number | undefined): void {
  if (maximumLength !== undefined && maximumLength !== 0 && maximumLength < smallestMaximumLength) {
    throw new ProtocolError(`a maximum length of ${maximumLength} bytes`);
  }
}

type Supported = ReadonlyMap<string, SupportedContext>;
type GrantedRoles = ReadonlyMap<string, RoleSelection>;

/** By SOP class. What is granted is never more than what was proposed, for a class that was proposed (PS3.7 D.3.3.4). */
function grantRoles({ presentationContexts, userInformation }: AssociateRQ, supported: Supported): GrantedRoles {
  const granted = new Map<string, RoleSelection>();
  const proposed = new Set(presentationContexts.map(({ abstractSyntax }) => abstractSyntax));
  for (const { SOPClassUID, scu, scp } of userInformation.roleSelections) {
    const context = proposed.has(SOPClassUID) && supported.get(SOPClassUID);
    if (!context || granted.has(SOPClassUID)) continue;
    const roles = context.roles ?? defaultRoles;
    granted.set(SOPClassUID, { SOPClassUID, scu: scu && roles.scu, scp: scp && roles.scp });
  }
  return granted;
}

function answerContext(proposed: ProposedContext, supported: Supported, roles: GrantedRoles): AnsweredContext {
  const refuse = (result: number): AnsweredContext => ({
    id: proposed.id,
    result,
    transferSyntax: proposed.transferSyntaxes[0],
  });
  const context = supported.get(proposed.abstractSyntax);
  if (!context) return refuse(ContextResult.AbstractSyntaxNotSupported);
  const role = roles.get(proposed.abstractSyntax);
  if (role && !role.scu && !role.scp) return refuse(ContextResult.UserRejection);
  const transferSyntax = proposed.transferSyntaxes.find((uid) => context.transferSyntaxes.includes(uid));
  if (transferSyntax === undefined) return refuse(ContextResult.TransferSyntaxesNotSupported);
  return { id: proposed.id, result: ContextResult.Acceptance, transferSyntax };
}
