// Legal dates: days of Europe/Paris, months by date, working days of metropolitan France. Pure: no
// table of time zones, so that a replay on any machine, in any year, gives the same answer.
//
// Sources: Directive 2000/84/EC (summer time from the last Sunday of March to the last Sunday of
// October, 01:00 UTC); Code du travail L3133-1 (public holidays); CRPA and Règlement (CEE) no
// 1182/71 for periods in days and months.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/id.h"

namespace relais::rules {

/// Day of Europe/Paris at this moment. Valid for times since 1996, when the rule of summer time
/// became what it is.
Day legal_day(Timestamp t);
/// First millisecond of a day in Europe/Paris.
Timestamp start_of(Day d);
/// First millisecond after a day: when a period that ends on that day has run out.
inline Timestamp end_of(Day d) {
  return start_of(Day{d.value + 1});
}

/// The same day of the month `months` later, or the last day of that month where it has no such
/// day.
Day add_months(Day d, int months);
inline Day add_days(Day d, int days) {
  return Day{d.value + days};
}

/// 1 January, Easter Monday, 1 and 8 May, Ascension, Whit Monday, 14 July, 15 August, 1 and 11
/// November, 25 December.
bool is_public_holiday(Day d);
/// Monday to Friday, and no public holiday.
bool is_working_day(Day d);
/// The n-th working day after `d`; n >= 1.
Day add_working_days(Day d, int n);

/// Last day on which a decision can be appealed against. The two months of CJA R421-1 are a délai
/// franc: neither the day of notification nor the day on which they run out is counted, and a last
/// day that is no working day gives way to the next that is one.
Day last_day_of_appeal(Day notified_on);

/// Easter Sunday of a year (Gregorian calendar).
Day easter(int year);

}  // namespace relais::rules
