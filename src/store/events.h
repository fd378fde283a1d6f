/* events.h: what the ledger's rows record. */
#ifndef QM_EVENTS_H
#define QM_EVENTS_H

/* Events of the ledger, in MSI's words where MSI has one. Stored: never renumber. */
#define QM_LEDGER_EVENTS(X)                                                                        \
  X(1, order_placed)                                                                               \
  X(2, order_canceled)                                                                             \
  X(3, shipment_created)                                                                           \
  X(4, invoice_created)                                                                            \
  X(5, creditmemo_created)                                                                         \
  X(6, goods_returned)                                                                             \
  X(7, quantity_set)                                                                               \
  X(8, quantity_adjusted)                                                                          \
  X(9, item_removed)                                                                               \
  X(10, reservation_adopted)                                                                       \
  X(11, oversold)                                                                                  \
  X(12, source_saved)                                                                              \
  X(13, stock_saved)                                                                               \
  X(14, stock_deleted)                                                                             \
  X(15, link_saved)                                                                                \
  X(16, link_removed)                                                                              \
  X(17, settings_changed)                                                                          \
  X(18, policy_activated)                                                                          \
  X(19, written_off)                                                                               \
  X(20, hold_placed)                                                                               \
  X(21, hold_extended)                                                                             \
  X(22, hold_released)                                                                             \
  X(23, hold_expired)                                                                              \
  X(24, hold_converted)                                                                            \
  X(25, units_allocated)                                                                           \
  X(26, allocation_moved)                                                                          \
  X(27, order_adopted)                                                                             \
  X(28, manual_compensation)                                                                       \
  X(29, ledger_compacted)                                                                          \
  X(30, product_renamed)                                                                           \
  X(31, product_deleted)                                                                           \
  X(32, channel_renamed)                                                                           \
  X(33, channel_deleted)                                                                           \
  X(34, places_imported)                                                                           \
  X(35, places_deleted)

typedef enum qm_ledger_event {
#define QM_EVENT(number, name) QM_LEDGER_##name = number,
  QM_LEDGER_EVENTS(QM_EVENT)
#undef QM_EVENT
} qm_ledger_event;

#endif
