-- The probe keeps nothing.
SELECT 1;
