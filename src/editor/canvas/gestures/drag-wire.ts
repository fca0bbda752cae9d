import { connect, disconnect, edgeKey, freeName, sequence } from "../../graph/edits.ts";
import type { Edit } from "../../graph/edits.ts";
import { address, edgeInto, endpoint, inputPort, outputPort } from "../../graph/ports.ts";
import { addCarry, carryRefusal } from "../../graph/zones.ts";
import { WireRules } from "../../graph/wiring.ts";
import type { WireOffer } from "../node/contract.ts";
import { portInto } from "./port-into.ts";
import type { CanvasHost, Gesture, PortRef } from "./gesture.ts";

/** How near, in screen pixels, a wire's end jumps to a socket that takes it. */
const REACH = 22;

/**
 * Drags a wire out of a socket. From an input that has a wire it takes that wire's end, as people know it from other
 * editors: let go in empty space it is removed.
 */
export function startWire(host: CanvasHost, start: PointerEvent, grip: PortRef): Gesture {
  const { session } = host;
  const before = session.document;
  const lifted = grip.side === "input" ? edgeInto(before, grip.node, grip.port) : undefined;
  const liftedKey = lifted && edgeKey(lifted);
  const document = liftedKey === undefined ? before : disconnect([liftedKey])(before);
  const source = lifted && endpoint(lifted.from);
  const fixed: PortRef = source ? { node: source.node, side: "output", port: source.port } : grip;
  const seeks = fixed.side === "output" ? "input" : "output";
  const rules = new WireRules(document, session.catalog);
  rules.prepare(fixed.node);

  const shape = rules.shape(fixed.node);
  const port =
    shape && (fixed.side === "output" ? outputPort(shape, fixed.port) : inputPort(shape, fixed.port));
  const type = port?.type ?? "any";
  const fixedAddress = address(fixed.node, fixed.port);
  const refusal = (ref: PortRef): string | undefined => {
    if (ref.side === fixed.side)
      return `A wire leads from an output to an input: this is another ${ref.side}.`;
    const other = address(ref.node, ref.port);
    return fixed.side === "output" ? rules.refusal(fixedAddress, other) : rules.refusal(other, fixedAddress);
  };

  host.offer(offersOf(rules, Object.keys(document.nodes), seeks, refusal));
  host.wires.mark("lifted", liftedKey);

  /** The socket under the pointer, or the nearest one that takes the wire. */
  const aim = (event: PointerEvent): PortRef | undefined => {
    const under = host.socketAt(event);
    if (under) return under;
    const { x, y } = host.toCanvas(event);
    const near = host.nearestSocket(x, y, seeks, REACH / host.transform.k);
    return near && refusal(near) === undefined ? near : undefined;
  };
  const isGrip = (ref: PortRef): boolean =>
    ref.node === grip.node && ref.port === grip.port && ref.side === grip.side;
  const finish = (): void => {
    host.offer(undefined);
    host.wires.mark("lifted", undefined);
    host.wires.draft(undefined);
  };

  return {
    move: (event) => {
      const target = aim(event);
      const reason = target && !isGrip(target) ? refusal(target) : undefined;
      host.say(reason ?? "", event);
      const from = host.portPlace(fixed) ?? host.toCanvas(event);
      const snapped =
        target && reason === undefined && target.side === seeks ? host.portPlace(target) : undefined;
      const to = snapped ?? host.toCanvas(event);
      host.wires.draft(fixed.side === "output" ? { from, to } : { from: to, to: from }, type);
    },
    end: (event) => {
      finish();
      const made = host.socketAt(event) ? undefined : portInto(host, event, fixed, type);
      if (made) {
        host.say("");
        session.store.execute(
          `Add port ${fixed.port}`,
          sequence(disconnect(liftedKey === undefined ? [] : [liftedKey]), made),
        );
        return;
      }
      const target = aim(event) ?? fittingPortOf(host, event, rules, seeks, refusal);
      if (target && isGrip(target)) return host.say("");
      const carried = target && refusal(target) !== undefined ? carryInto(host, event, fixed) : undefined;
      if (carried) {
        host.say("");
        session.store.execute(`Carry ${fixed.port}`, carried);
        return;
      }
      if (target) {
        const reason = refusal(target);
        if (reason !== undefined) return host.say(reason, event);
        host.say("");
        const other = address(target.node, target.port);
        const [from, to] = fixed.side === "output" ? [fixedAddress, other] : [other, fixedAddress];
        session.store.execute(
          "Draw wire",
          sequence(disconnect(liftedKey === undefined ? [] : [liftedKey]), connect(from, to)),
        );
        return;
      }
      host.say("");
      if (liftedKey !== undefined) {
        session.store.execute("Remove wire", disconnect([liftedKey]));
        return;
      }
      host.openPalette({ ...host.toCanvas(event), from: { side: fixed.side, address: fixedAddress, type } });
    },
    cancel: () => {
      finish();
      host.say("");
    },
  };
}

/** Let go on a node's body: its first free port that takes the wire. */
function fittingPortOf(
  host: CanvasHost,
  event: PointerEvent,
  rules: WireRules,
  side: PortRef["side"],
  refusal: (ref: PortRef) => string | undefined,
): PortRef | undefined {
  const { x, y } = host.toCanvas(event);
  const node = host.nodeAt(x, y);
  const shape = node === undefined ? undefined : rules.shape(node);
  if (node === undefined || !shape) return undefined;
  const ports = side === "input" ? shape.inputs : shape.outputs;
  const fitting = ports
    .map((port): PortRef => ({ node, side, port: port.name }))
    .filter((ref) => refusal(ref) === undefined);
  const free = fitting.find(
    (ref) => side === "output" || !edgeInto(host.session.document, ref.node, ref.port),
  );
  return free ?? fitting[0] ?? (ports[0] && { node, side, port: ports[0].name });
}

/** A value let go on a zone's end that has no port for it becomes one that the zone carries. */
function carryInto(host: CanvasHost, event: PointerEvent, fixed: PortRef): Edit | undefined {
  const { document, catalog } = host.session;
  const { x, y } = host.toCanvas(event);
  const node = host.socketAt(event) ? undefined : host.nodeAt(x, y);
  const record = node === undefined ? undefined : document.nodes[node];
  const zone = record && catalog.node(record.type)?.zoneEnd ? record.zone : undefined;
  if (node === undefined || zone === undefined || fixed.side !== "output") return undefined;
  const taken = Object.fromEntries((document.zones?.[zone]?.carry ?? []).map((name) => [name, true]));
  const name = freeName(taken, fixed.port);
  if (carryRefusal(document, catalog, zone, name) !== undefined) return undefined;
  const added = addCarry(zone, name);
  const [from, to] = [address(fixed.node, fixed.port), address(node, name)];
  return new WireRules(added(document), catalog).refusal(from, to) === undefined
    ? sequence(added, connect(from, to))
    : undefined;
}

function offersOf(
  rules: WireRules,
  nodes: readonly string[],
  side: PortRef["side"],
  refusal: (ref: PortRef) => string | undefined,
): Map<string, WireOffer> {
  const offers = new Map<string, WireOffer>();
  for (const node of nodes) {
    const shape = rules.shape(node);
    if (!shape) continue;
    const names = side === "output" ? shape.outputs : [...shape.inputs, ...shape.params];
    const fits = new Set<string>();
    const refusals = new Map<string, string>();
    for (const { name } of names) {
      const reason = refusal({ node, side, port: name });
      if (reason === undefined) fits.add(name);
      else refusals.set(name, reason);
    }
    offers.set(node, { side, fits, refusals });
  }
  return offers;
}
