/**
 * control/notifications: empties the outbox. Takes the notifications that the engine has written, sends each by the
 * channel that it names, and says in its status what has become of it.
 * Must not hold up the engine, nor put the value of a secret into any object or log.
 * Keeps: each is sent at least once or given up in the open; each try has the same id; a receiver that is down is asked
 * by one at a time and holds up no other; what has ended is deleted after a while.
 */
export { type Deliveries, type DeliveryOptions, type DeliveryStats, startDeliveries } from './deliveries.ts';
