"""Words that mean the same in an office, so that a fact is found by whatever people call it."""

import random
import re

# Common English only: no word of an organisation's own belongs here.
_GROUPS = """
annual leave|holiday|vacation|time off|days off
sick leave|sick days|being ill
sick|ill|unwell|not well
sickness|illness
doctor's note|medical certificate|sick note
doctor|physician
parental leave|leave after a birth|leave when a child is born
maternity leave|leave before a birth
baby|newborn
child|kid
children|kids
wedding|marriage|getting married
funeral|bereavement|death in the family
volunteering|volunteer work
sabbatical|long break
moving house|moving home|a move
employee|staff member|worker|colleague
employees|staff|workers|colleagues|people
colleague|co-worker|teammate
new colleague|new employee|newcomer|new starter|new hire
manager|boss|supervisor|line manager
head|boss|chief
team lead|team leader
leads|heads|runs|is in charge of
responsible for|in charge of
company|firm|business|employer|organisation
customer|client
supplier|vendor
guest|visitor
intern|trainee|internship
apprentice|trainee
applicant|candidate|job seeker
recruiting|hiring
position|role|job|post|vacancy
interview|job talk
salary|pay|wage|wages|income
bonus|extra pay|reward
daily allowance|per diem|daily rate
budget|money to spend
refunded|paid back|reimbursed|covered
refund|reimburse|pay back|cover
refunds|reimburses|pays back|covers
expenses|costs|spending
expense claim|cost claim|claim for expenses
hand in|submit|send in
handed in|submitted|sent in
receipt|bill|proof of payment
invoice|bill
cost|price|amount|charge
fee|charge
purchase|buy|order
deductible|excess|own share
discount|reduction|rebate
bank account|bank details
probation|trial period|probation period
notice period|notice
resignation|quitting|giving notice|leaving
dismissal|being fired
contract|agreement
last day|final day
first day|start|first morning|day one
badge|pass|key card|entry card
rating|grade|score
feedback|opinion|comments
objection|complaint|appeal
complaint|grievance|report of a problem
harassment|bullying
overtime|extra hours|working late
shift plan|rota|roster|shift schedule
working hours|working time|hours of work
lunch break|break
home office|working from home|remote work|telework
abroad|another country|a foreign country|overseas
canteen|cafeteria|lunch room
gym|sports|fitness
learning budget|training budget|money for courses
training|course|class|lesson
trainings|courses|classes|lessons
tuition|fees|course fees
degree|studies|university course
language course|language lesson|language class
mentor|buddy|sponsor
emergency|accident|alarm
fire|blaze
first aid|medical help
first aider|first-aid helper
glasses|spectacles
screen|monitor|display
chair|seat
desk|table|workplace
laptop|computer|notebook|machine
laptops|computers|notebooks|machines
phone|mobile|smartphone|handset
borrow|lend|take on loan
broken|faulty|damaged|defective
stolen|lost|missing|gone
replaced|exchanged|renewed|swapped
returned|given back|handed in|brought back
password|passcode|login
second factor|two-factor login
login|sign-in|log-in
account|login|user account
locked|blocked|shut
administrator rights|admin rights
access|permission|rights
approval|permission|sign-off|okay|consent
approved|signed off|allowed|agreed|authorised
approve|sign off|agree to|authorise|okay
approves|signs off|agrees to|authorises
granted|given|handed out
grants|gives
decides|makes the decision
software|program|application|app
program|tool|software
update|patch|upgrade
updates|patches|upgrades
install|put on|set up
installed|put on|set up
backup|backup copy|saved copy
backed up|saved|copied
kept|stored|retained|saved
deleted|erased|removed|wiped
recovery|restoring
restored|recovered|brought back
mailbox|inbox|mail account
shared mailbox|team mailbox|group mailbox
email|mail|message
attachment|file sent along
calendar|diary
meeting|call|conference
meeting room|conference room|room
booked|reserved
book|reserve
recording|recorded meeting|video
captions|subtitles
folder|directory|drive
file|document
channel|chat|group
network|connection|internet
ends|stops|finishes|is cut
starts|begins|opens
ticket|request|case
fault|problem|defect|failure|outage
maintenance|downtime|service work
service desk|help desk|IT support|IT help
phone number|number|number to call|extension
call|ring|dial|phone
ask|contact|turn to|speak to
tell|inform|let know|notify
told|informed|notified
reported|announced|notified
report|announce|tell
send|mail|forward
printer|printing|copier
print|make prints
owner|responsible person|person in charge
form|paper|paperwork|document to fill in
requested|applied for|ordered|asked for
request|apply for|order|ask for
confirm|verify|approve
signed|undersigned
reviews|checks|looks over
review|check|look over
trip|journey|travel
business trip|work trip|business travel|travelling for work
trips|journeys|travels
flight|plane|flying|air travel
train|rail|railway
first class|business class
taxi|cab
bus|shuttle
metro|underground|subway
station|stop
rental car|hire car|rented car
own car|private car|own vehicle
car|vehicle
mileage rate|rate per kilometre|kilometre money
licence|driving licence
parking|parking space|car park
park|leave the car
hotel|place to stay|accommodation
hotel room|room for the night|overnight stay
night|overnight stay
flat|apartment
stay|sleep|live
breakfast|morning meal
lunch|midday meal
dinner|evening meal
meal|food
tip|gratuity
gift|present
gifts|presents
luggage|baggage|bags
checked bag|suitcase|hold luggage
visa|entry permit
passport|travel document
vaccination|jab|shot
insurance|cover
insured|covered
risk|danger
high risk|dangerous|risky
trade fair|fair|exhibition|show
stand|booth
leads|contacts
event|gathering|party
reception|front desk
open|staffed|available
closed|shut
level|floor
building|site|house
headquarters|head office|main office
headquarter|main building
branch|office
warehouse|store
plant|factory
department|unit|division
contact|contact person|person to ask
meet|come together
welcomed|greeted|met
enter|record|note|put in
entered|recorded|noted|put in
publish|announce|issue
published|announced|out|issued
ahead|in advance|before|early
within|in at most|no later than
at most|no more than|up to|a maximum of
at least|no fewer than|a minimum of
a year|per year|every year|yearly|annually
a month|per month|every month|monthly
a week|per week|every week|weekly
a day|per day|every day|daily
per person|a head|each
each|every
must|have to|need to|has to
may|can|am I allowed to
receive|get|are given
receives|gets|is given
earn|get|make
possible|allowed|permitted
forbidden|not allowed|banned
called|named
name|title
takes place|happens|is held
take place|happen|are held
needs|requires|has to have
use|take
used|taken
yearly|annual|every year
monthly|every month
weekly|every week
daily|every day
supplier|vendor
goods|things|items
delivery|shipment
parcel|package
product|item
warranty|guarantee
repair|fix|mend
waste|rubbish|garbage
plan|schedule|timetable
deadline|due date|last date
decision|answer|outcome|result
result|outcome
switch off|turn off|shut down
switch on|turn on|start up
bring|take along|carry
""".strip()
_ALTERNATIVES: dict[str, list[str]] = {}
for _line in _GROUPS.split("\n"):
    _group = _line.split("|")
    for _word in _group:
        _ALTERNATIVES.setdefault(_word, []).extend(other for other in _group if other != _word)
_LONGEST_FIRST = sorted(_ALTERNATIVES, key=len, reverse=True)
_FOUND = re.compile(rf"\b({'|'.join(map(re.escape, _LONGEST_FIRST))})(s?)\b", re.IGNORECASE)


def rephrased(question: str, rng: random.Random, share: float = 0.6) -> str:
    """Return the question with about that share of the words that have synonyms replaced by one."""

    def other(found: re.Match[str]) -> str:
        if rng.random() >= share:
            return found[0]
        return rng.choice(_ALTERNATIVES[found[1].lower()]) + found[2]

    return _FOUND.sub(other, question)
