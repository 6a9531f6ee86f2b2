create table if not exists rates (
    currency char(3) primary key,
    rate numeric not null
);
